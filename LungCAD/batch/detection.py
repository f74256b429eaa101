"""What stays of disease detection: a folder per scan, and one row per scan."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from LungCAD.batch.cases import Case
from LungCAD.batch.folder import MANIFEST, run_folder
from LungCAD.batch.run import Outcome, State
from LungCAD.devices import choose_device
from LungCAD.files import atomic_folder, write_text
from LungCAD.images import Scan, read_ct, write_image
from LungCAD.progress import Progress, part, silent
from LungCAD.report.detection import DetectionContent, render_detection
from LungCAD.report.findings import Finding
from LungCAD.report.record import run_record
from LungCAD.report.stopwatch import Stopwatch
from LungCAD.report.tables import write_slices
from LungCAD.tasks import ild_detection
from LungCAD.tasks.ild_detection import Detector, IldDetection, IldDetectionParameters
from LungCAD.weights.shipped import weights_file

SCAN, SCANS = "scan.json", "scans.csv"
REPORT = "report.html"


def write_scan(
    folder: Path,
    scan: Scan,
    result: IldDetection,
    parameters: IldDetectionParameters,
    command: str,
    stopwatch: Stopwatch,
) -> None:
    """Write slices.csv, scan.json, heatmap_<disease>.nii.gz, report.html and run.json to `folder`."""
    findings, warnings = result.findings, (*scan.warnings, *result.warnings)
    write_slices(folder / "slices.csv", findings)
    summary = {
        "slices": len(findings.slices),
        "judged": len(findings.judged),
        "diseases": [_plain(disease) for disease in findings.diseases],
        "warnings": list(warnings),
    }
    write_text(folder / SCAN, json.dumps(summary, indent=2))
    for code in result.maps:
        write_image(result.heat_map(code), folder / f"heatmap_{code}.nii.gz")
    stopwatch.lap("writing")
    record = run_record(
        command,
        parameters,
        {"CT": scan.image},
        device=str(choose_device(parameters.device)),
        threads=torch.get_num_threads(),
        started=stopwatch.started,
        seconds=stopwatch.seconds,
        weights={"WEIGHTS": weights_file(parameters.weights)},
    )
    write_text(folder / "run.json", json.dumps(record, indent=2))
    content = DetectionContent(
        scan.image,
        findings,
        parameters,
        record,
        scan.facts,
        warnings,
        result.heat_map if result.maps else None,
    )
    write_text(folder / REPORT, render_detection(content))


@dataclass(frozen=True)
class DetectionRun:
    """What came of a folder of scans. failed : those not used, and why. table : one row per scan."""

    scans: int
    failed: dict[str, str]
    table: Path


def run_scans(
    source: Path,
    output: Path,
    parameters: IldDetectionParameters,
    overwrite: bool = False,
    progress: Progress = silent,
) -> DetectionRun:
    """Look for disease on the CT of every sub-folder of `source` (`LungCAD.batch.cases`).

    Writes a folder per scan into `output`, manifest.csv and `SCANS`. Scans that were done before from the
    same files with the same parameters are kept.

    Raises
    ------
    InputError
        `source` holds no folders, the weights cannot be used, or `output` cannot be written.
    Cancelled
        From `progress`; the same call goes on where it stopped.
    """
    detector = Detector(parameters)

    def perform(case: Case, target: Path, progress: Progress) -> None:
        progress(0.0, f"{case.name}: reading")
        stopwatch = Stopwatch()
        scan = read_ct(case.ct)
        stopwatch.lap("reading")
        result = ild_detection.run(scan.image, parameters, part(progress, 0.2, 0.8), detector)
        stopwatch.lap("detecting")
        progress(0.8, f"{case.name}: writing")
        with atomic_folder(target, overwrite=True) as unfinished:
            write_scan(unfinished, scan, result, parameters, "", stopwatch)

    outcomes = run_folder(source, output, parameters, perform, overwrite=overwrite, progress=progress)
    collect(output)
    failed = {outcome.case: outcome.error for outcome in outcomes if outcome.error}
    return DetectionRun(len(outcomes), failed, output / SCANS)


def collect(output: Path) -> Path:
    """Write `SCANS`, a row per scan of the manifest in `output`: verdicts, or why there is none.

    Columns: scan, state, slices, judged; per disease whether it is present (1, 0), its highest probability,
    and the numbers of the slices that show it; error.
    """
    with (output / MANIFEST).open(newline="", encoding="utf-8") as file:
        outcomes = [
            Outcome(row["case"], State(row["state"]), float(row["seconds"]), row["error"])
            for row in csv.DictReader(file)
        ]
    done = {outcome.case: _summary(output / outcome.case) for outcome in outcomes if not outcome.error}
    codes = list(dict.fromkeys(one["code"] for scan in done.values() for one in scan["diseases"]))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = [f"{code}{what}" for code in codes for what in ("", " probability", " slices")]
    writer.writerow(["scan", "state", "slices", "judged", *columns, "error"])
    for outcome in outcomes:
        said = list(_cells(done[outcome.case], codes)) if outcome.case in done else [""] * (2 + len(columns))
        writer.writerow([outcome.case, outcome.state.value, *said, outcome.error])
    write_text(output / SCANS, text.getvalue(), overwrite=True)
    return output / SCANS


def _plain(disease: Finding) -> dict[str, Any]:
    return {**dataclasses.asdict(disease), "present": disease.present}


def _summary(folder: Path) -> dict[str, Any]:
    return json.loads((folder / SCAN).read_text(encoding="utf-8"))


def _cells(scan: dict[str, Any], codes: Sequence[str]) -> Iterator[object]:
    yield from (scan["slices"], scan["judged"])
    found = {one["code"]: one for one in scan["diseases"]}
    for code in codes:
        disease = found.get(code)
        if disease is None or disease["present"] is None:
            yield from ("", "", "")
            continue
        runs = [sorted((one["first"], one["last"])) for one in disease["ranges"]]
        yield int(disease["present"])
        yield f"{disease['probability']:.4f}"
        yield " ".join(f"{first}-{last}" for first, last in runs)
