"""What stays of the search for signs of aspergillosis: a folder per scan, and one row per scan."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from LungCAD.batch.cases import Case
from LungCAD.batch.scans import ScansRun, read_scan, run_scans
from LungCAD.devices import choose_device
from LungCAD.files import write_json, write_text
from LungCAD.images import Scan, write_image
from LungCAD.labels import load_schema
from LungCAD.progress import Progress, part, silent
from LungCAD.report.record import run_record
from LungCAD.report.sign_pictures import paint_projection
from LungCAD.report.sign_report import SignReport, render_sign_report
from LungCAD.report.signs import SignReading
from LungCAD.report.stopwatch import Stopwatch
from LungCAD.tasks.cpa import CpaParameters, CpaReader, CpaResult, network_files
from LungCAD.tasks.cpa_projections import AXES

SIGNS, SCAN = "signs.csv", "scan.json"
COMMAND = "lungcad batch cpa --input CASES --output RESULTS  # with the parameters above"
"""What repeats a run that no command line began."""

COLUMNS = ("region", "sign", "probability", *AXES, "withheld")


def read_scans(
    source: Path,
    output: Path,
    parameters: CpaParameters,
    overwrite: bool = False,
    progress: Progress = silent,
    series: str | None = None,
) -> ScansRun:
    """Look for signs on the CT of every sub-folder of `source` (`LungCAD.batch.cases`).

    Writes a folder per scan into `output`, manifest.csv and scans.csv. Scans that were done before from the
    same files with the same parameters and weights are kept. series : as `read_scan` takes it.

    Raises
    ------
    InputError
        `source` holds no folders, the weights cannot be used, or `output` cannot be written.
    Cancelled
        From `progress`; the same call goes on where it stopped.
    """
    reader = CpaReader(parameters)

    def examine(case: Case, folder: Path, progress: Progress) -> None:
        progress(0.0, f"{case.name}: reading")
        stopwatch = Stopwatch()
        scan = read_scan(case, series)
        stopwatch.lap("reading")
        result = reader.read(scan.image, part(progress, 0.1, 0.8))
        stopwatch.lap("searching")
        progress(0.8, f"{case.name}: writing")
        write_scan(folder, scan, result, parameters, COMMAND, stopwatch)

    weights = network_files(reader.networks)
    return run_scans(source, output, parameters, weights, examine, scan_row, overwrite, progress, series)


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
    warnings = (*scan.warnings, *result.warnings)
    write_json(folder / SCAN, scan_statement(result, warnings))
    heat_maps = {sign: result.heat_map(sign) for sign in result.maps}
    for sign, heat in heat_maps.items():
        write_image(heat, folder / f"heatmap_{sign}.nii.gz")
    (folder / "projections").mkdir()
    for picture in result.pictures:
        name = picture.name.replace(" ", "_")
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
        series_uid=scan.facts.series_uid,
    )
    write_json(folder / "run.json", record)
    content = SignReport(
        ct=scan.image,
        signs=result.signs,
        disease=result.disease,
        survival=result.survival,
        peaks=result.peaks,
        heat_maps=heat_maps,
        pictures=result.pictures,
        checks=result.checks,
        warnings=warnings,
        schema=load_schema("cpa3"),
        threshold=parameters.threshold,
        parameters=parameters,
        record=record,
    )
    write_text(folder / "report.html", render_sign_report(content))


def scan_row(folder: Path) -> dict[str, str]:
    """Return a scan's row of the table, from its folder: disease, survival, <region> <sign> ...

    Probabilities that were withheld are empty.
    """
    scan = json.loads((folder / SCAN).read_text(encoding="utf-8"))
    whole = {task: _decimals(scan[task]["probability"]) for task in ("disease", "survival") if scan[task]}
    with (folder / SIGNS).open(newline="", encoding="utf-8") as file:
        signs = {f"{row['region']} {row['sign']}": row["probability"] for row in csv.DictReader(file)}
    return whole | signs


def signs_csv(signs: Sequence[SignReading]) -> str:
    """Return the table of signs: one row per region and sign, probabilities overall and by direction."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in signs:
        by_direction = [_decimals(one.by_direction.get(axis)) for axis in AXES]
        writer.writerow([one.region, one.sign, _decimals(one.probability), *by_direction, one.withheld])
    return text.getvalue()


def scan_statement(result: CpaResult, warnings: Sequence[str]) -> dict[str, Any]:
    """Return what is said of the scan as a whole, as plain data; warnings : of its files as well."""
    return {
        "disease": result.disease and asdict(result.disease),
        "survival": result.survival and asdict(result.survival),
        "peaks": [asdict(peak) for peak in result.peaks],
        "incomplete": dict(result.incomplete),
        "checks": [asdict(check) for check in result.checks],
        "warnings": list(warnings),
    }


def _decimals(probability: float | None) -> str:
    return "" if probability is None else f"{probability:.4f}"
