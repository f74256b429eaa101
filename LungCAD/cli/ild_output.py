"""The output folder of a CT segmented for interstitial lung disease."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from LungCAD.cli.case_output import write_labels_and_tables
from LungCAD.devices import choose_device
from LungCAD.files import write_text
from LungCAD.images import Scan
from LungCAD.images.probability_planes import write_probability_planes
from LungCAD.report.content import ReportContent
from LungCAD.report.html import write_report
from LungCAD.report.record import run_record
from LungCAD.report.stopwatch import Stopwatch
from LungCAD.tasks.ild_segmentation import (
    IldSegmentationInputs,
    IldSegmentationParameters,
    IldSegmentationResult,
)
from LungCAD.weights.shipped import weights_file


def write_ild_case(
    folder: Path,
    scan: Scan,
    inputs: IldSegmentationInputs,
    result: IldSegmentationResult,
    parameters: IldSegmentationParameters,
    command: str,
    stopwatch: Stopwatch,
) -> None:
    """Write labels, lungs, probabilities, uncertainty, tables, report.html and run.json to `folder`."""
    write_labels_and_tables(folder, result, result.schema)
    labels = [result.schema.by_value(value) for value in result.classes]
    planes = result.probabilities.planes()
    write_probability_planes(planes, scan.image, labels, folder / "probabilities.nrrd")
    stopwatch.lap("writing")
    images = {"CT": inputs.ct, "LUNGS": inputs.lungs}
    record = run_record(
        command,
        parameters,
        {role: image for role, image in images.items() if image is not None},
        device=str(choose_device(parameters.device)),
        threads=torch.get_num_threads(),
        started=stopwatch.started,
        seconds=stopwatch.seconds,
        weights={"WEIGHTS": weights_file(parameters.weights)},
    )
    write_text(folder / "run.json", json.dumps(record, indent=2))
    content = ReportContent(
        title="Interstitial lung disease",
        ct=inputs.ct,
        labels=result.labels,
        lungs=result.lungs,
        schema=result.schema,
        measurements=result.measurements,
        densitometry=result.densitometry,
        parameters=parameters,
        record=record,
        facts=scan.facts,
        uncertainty=result.uncertainty,
        warnings=(*scan.warnings, *result.warnings),
    )
    write_report(content, folder / "report.html")
