"""The output folder of a propagated case."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import SimpleITK as sitk
import torch

from LungCAD.cli.agreement import Agreement
from LungCAD.devices import choose_device
from LungCAD.files import write_json
from LungCAD.images import Scan, write_image, write_probabilities
from LungCAD.labels import Schema
from LungCAD.report.case_files import write_labels_and_tables
from LungCAD.report.content import ReportContent
from LungCAD.report.html import write_report
from LungCAD.report.record import run_record
from LungCAD.report.stopwatch import Stopwatch
from LungCAD.tasks.label_propagation import (
    LabelPropagationInputs,
    LabelPropagationParameters,
    LabelPropagationResult,
)


def write_case(
    folder: Path,
    scan: Scan,
    inputs: LabelPropagationInputs,
    result: LabelPropagationResult,
    parameters: LabelPropagationParameters,
    schema: Schema,
    command: str,
    weights: Mapping[str, Path],
    stopwatch: Stopwatch,
    agreement: Agreement | None = None,
) -> None:
    """Write labels, probabilities, uncertainty, provenance, tables, report.html and run.json to `folder`.

    `weights` are the files of the networks that had a say, by their role.
    """
    write_labels_and_tables(folder, result, schema)
    classes = [schema.by_value(value) for value in result.classes]
    write_probabilities(result.probabilities, classes, folder / "probabilities.nrrd")
    write_image(result.provenance, folder / "provenance.nii.gz")
    stopwatch.lap("writing")
    record = run_record(
        command,
        parameters,
        _named(inputs),
        device=str(choose_device(parameters.device)),
        threads=torch.get_num_threads(),
        started=stopwatch.started,
        seconds=stopwatch.seconds,
        weights=weights,
        series_uid=scan.facts.series_uid,
    )
    write_json(folder / "run.json", record)
    content = ReportContent(
        title="Label propagation",
        ct=inputs.ct,
        labels=result.labels,
        lungs=result.lungs,
        schema=schema,
        measurements=result.measurements,
        densitometry=result.densitometry,
        parameters=parameters,
        record=record,
        facts=scan.facts,
        uncertainty=result.uncertainty,
        rois=inputs.rois,
        provenance=result.provenance,
        warnings=(*scan.warnings, *result.warnings),
        expansion_factor=result.expansion_factor,
        risk_coverage=agreement.risk_coverage if agreement else None,
        expansion=agreement.expansion if agreement else None,
        confusion=agreement.confusion if agreement else None,
    )
    write_report(content, folder / "report.html")


def _named(inputs: LabelPropagationInputs) -> dict[str, sitk.Image]:
    images = {
        "CT": inputs.ct,
        "ROIS": inputs.rois,
        "LUNGS": inputs.lungs,
        "PROBABILITIES": inputs.network_probabilities,
    }
    return {role: image for role, image in images.items() if image is not None}
