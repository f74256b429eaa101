"""What stays of disease detection: a folder per scan, and one row per scan."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import torch

from LungCAD.batch.cases import Case
from LungCAD.batch.scans import ScansRun, read_scan, run_scans
from LungCAD.devices import choose_device
from LungCAD.files import write_json, write_text
from LungCAD.images import Scan, write_image
from LungCAD.progress import Progress, part, silent
from LungCAD.report.detection import DetectionContent, render_detection
from LungCAD.report.findings import Finding
from LungCAD.report.record import run_record
from LungCAD.report.stopwatch import Stopwatch
from LungCAD.report.tables import write_slices
from LungCAD.tasks import ild_detection
from LungCAD.tasks.ild_detection import Detector, IldDetection, IldDetectionParameters
from LungCAD.weights.shipped import weights_by_role

SCAN = "scan.json"
REPORT = "report.html"

COMMAND = "lungcad batch detect --input CASES --output RESULTS  # with the parameters above"
"""What repeats a run that no command line began."""


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
    write_json(folder / SCAN, summary)
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
        weights=weights_by_role(parameters.weights),
        series_uid=scan.facts.series_uid,
    )
    write_json(folder / "run.json", record)
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


def detect_scans(
    source: Path,
    output: Path,
    parameters: IldDetectionParameters,
    overwrite: bool = False,
    progress: Progress = silent,
    series: str | None = None,
) -> ScansRun:
    """Look for disease on the CT of every sub-folder of `source` (`LungCAD.batch.cases`).

    Writes a folder per scan into `output`, manifest.csv and scans.csv. Scans that were done before from the
    same files with the same parameters and weights are kept. series : as `read_scan` takes it.

    Raises
    ------
    InputError
        `source` holds no folders, the weights cannot be used, or `output` cannot be written.
    Cancelled
        From `progress`; the same call goes on where it stopped.
    """
    detector = Detector(parameters)

    def examine(case: Case, folder: Path, progress: Progress) -> None:
        progress(0.0, f"{case.name}: reading")
        stopwatch = Stopwatch()
        scan = read_scan(case, series)
        stopwatch.lap("reading")
        result = ild_detection.run(scan.image, parameters, part(progress, 0.2, 0.8), detector, scan.facts)
        stopwatch.lap("detecting")
        progress(0.8, f"{case.name}: writing")
        write_scan(folder, scan, result, parameters, COMMAND, stopwatch)

    weights = weights_by_role(parameters.weights)
    return run_scans(source, output, parameters, weights, examine, scan_row, overwrite, progress, series)


def scan_row(folder: Path) -> dict[str, object]:
    """Return a scan's row of the table, from its folder.

    slices, judged; per disease whether it is present (1, 0), how likely that is, and the numbers of the
    slices that show it: where these are named and it is not present, it is doubtful.
    """
    scan = json.loads((folder / SCAN).read_text(encoding="utf-8"))
    row = {"slices": scan["slices"], "judged": scan["judged"]}
    for disease in scan["diseases"]:
        code, known = disease["code"], disease["present"] is not None
        runs = [sorted((one["first"], one["last"])) for one in disease["ranges"]]
        row[code] = int(disease["present"]) if known else ""
        row[f"{code} probability"] = f"{disease['probability']:.4f}" if known else ""
        row[f"{code} slices"] = "; ".join(f"{first} to {last}" for first, last in runs)
    return row


def _plain(disease: Finding) -> dict[str, Any]:
    return {**dataclasses.asdict(disease), "present": disease.present, "doubtful": disease.doubtful}
