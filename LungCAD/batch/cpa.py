"""What stays of the search for signs of aspergillosis: a folder per scan, and one row per scan."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from LungCAD.batch.cases import Case
from LungCAD.batch.folder import MANIFEST, run_folder
from LungCAD.batch.run import Outcome, State
from LungCAD.devices import choose_device
from LungCAD.files import atomic_folder, write_text
from LungCAD.images import Scan, read_ct, write_image
from LungCAD.labels import load_schema
from LungCAD.progress import Progress, part, silent
from LungCAD.report.record import run_record
from LungCAD.report.sign_pictures import paint_projection
from LungCAD.report.sign_report import SignReport, render_sign_report
from LungCAD.report.signs import SignReading
from LungCAD.report.stopwatch import Stopwatch
from LungCAD.tasks.cpa import CpaParameters, CpaReader, CpaResult
from LungCAD.tasks.cpa_projections import AXES

SIGNS, SCAN, SCANS = "signs.csv", "scan.json", "scans.csv"
COLUMNS = ("region", "sign", "probability", *AXES, "withheld")


@dataclass(frozen=True)
class CpaRun:
    """What came of a folder of scans. failed : those not used, and why. table : one row per scan."""

    scans: int
    failed: dict[str, str]
    table: Path


def run_scans(
    source: Path,
    output: Path,
    parameters: CpaParameters,
    overwrite: bool = False,
    progress: Progress = silent,
) -> CpaRun:
    """Look for signs on the CT of every sub-folder of `source` (`LungCAD.batch.cases`).

    Writes a folder per scan into `output`, manifest.csv and `SCANS`. Scans that were done before from the
    same files with the same parameters are kept.

    Raises
    ------
    InputError
        `source` holds no folders, the weights cannot be used, or `output` cannot be written.
    Cancelled
        From `progress`; the same call goes on where it stopped.
    """
    reader = CpaReader(parameters)

    def perform(case: Case, target: Path, progress: Progress) -> None:
        progress(0.0, f"{case.name}: reading")
        stopwatch = Stopwatch()
        scan = read_ct(case.ct)
        stopwatch.lap("reading")
        result = reader.read(scan.image, part(progress, 0.1, 0.8))
        stopwatch.lap("searching")
        progress(0.8, f"{case.name}: writing")
        with atomic_folder(target, overwrite=True) as unfinished:
            write_scan(unfinished, scan, result, parameters, "", stopwatch)

    outcomes = run_folder(source, output, parameters, perform, overwrite=overwrite, progress=progress)
    collect(output)
    failed = {outcome.case: outcome.error for outcome in outcomes if outcome.error}
    return CpaRun(len(outcomes), failed, output / SCANS)


def write_scan(
    folder: Path,
    scan: Scan,
    result: CpaResult,
    parameters: CpaParameters,
    command: str,
    stopwatch: Stopwatch,
) -> None:
    """Write signs.csv, scan.json, heat maps, projections, report.html and run.json to `folder`."""
    write_text(folder / SIGNS, signs_csv(result.signs))
    write_text(folder / SCAN, json.dumps(scan_statement(result), indent=2))
    heat_maps = {sign: result.heat_map(sign) for sign in result.maps}
    for sign, heat in heat_maps.items():
        write_image(heat, folder / f"heatmap_{sign}.nii.gz")
    (folder / "projections").mkdir()
    for picture in result.pictures:
        name = "_".join(filter(None, (picture.task, picture.axis, picture.part)))
        paint_projection(picture).save(folder / "projections" / f"{name}.png")
    stopwatch.lap("writing")
    record = run_record(
        command,
        parameters,
        {"CT": scan.image},
        device=str(choose_device(parameters.device)),
        threads=torch.get_num_threads(),
        started=stopwatch.started,
        seconds=stopwatch.seconds,
        weights=result.networks,
    )
    write_text(folder / "run.json", json.dumps(record, indent=2))
    content = SignReport(
        ct=scan.image,
        signs=result.signs,
        disease=result.disease,
        survival=result.survival,
        peaks=result.peaks,
        heat_maps=heat_maps,
        pictures=result.pictures,
        checks=result.checks,
        warnings=(*scan.warnings, *result.warnings),
        schema=load_schema("cpa3"),
        threshold=parameters.threshold,
        parameters=parameters,
        record=record,
    )
    write_text(folder / "report.html", render_sign_report(content))


def collect(output: Path) -> Path:
    """Write `SCANS`, a row per scan of the manifest in `output`: probabilities, or why there are none.

    Columns: scan, state, disease, survival, <region> <sign> ..., error. Probabilities that were withheld are
    empty.
    """
    with (output / MANIFEST).open(newline="", encoding="utf-8") as file:
        outcomes = [
            Outcome(row["case"], State(row["state"]), float(row["seconds"]), row["error"])
            for row in csv.DictReader(file)
        ]
    rows = {outcome.case: dict(_row(output / outcome.case)) for outcome in outcomes if not outcome.error}
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["scan", "state", *columns, "error"])
    for outcome in outcomes:
        row: Mapping[str, str] = rows.get(outcome.case, {})
        cells = [row.get(name, "") for name in columns]
        writer.writerow([outcome.case, outcome.state.value, *cells, outcome.error])
    write_text(output / SCANS, text.getvalue(), overwrite=True)
    return output / SCANS


def _row(folder: Path) -> Iterator[tuple[str, str]]:
    scan = json.loads((folder / SCAN).read_text(encoding="utf-8"))
    for task in ("disease", "survival"):
        if scan[task]:
            yield task, _decimals(scan[task]["probability"])
    with (folder / SIGNS).open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield f"{row['region']} {row['sign']}", row["probability"]


def signs_csv(signs: Sequence[SignReading]) -> str:
    """Return the table of signs: one row per region and sign, probabilities overall and by direction."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in signs:
        by_direction = [_decimals(one.by_direction.get(axis)) for axis in AXES]
        writer.writerow([one.region, one.sign, _decimals(one.probability), *by_direction, one.withheld])
    return text.getvalue()


def scan_statement(result: CpaResult) -> dict[str, Any]:
    """Return what is said of the scan as a whole, as plain data."""
    return {
        "disease": result.disease and asdict(result.disease),
        "survival": result.survival and asdict(result.survival),
        "peaks": [asdict(peak) for peak in result.peaks],
        "incomplete": dict(result.incomplete),
        "checks": [asdict(check) for check in result.checks],
        "warnings": list(result.warnings),
    }


def _decimals(probability: float | None) -> str:
    return "" if probability is None else f"{probability:.4f}"
