"""What stays of a CT segmented for interstitial lung disease: a folder; and the same for many CTs."""

from __future__ import annotations

from pathlib import Path

import torch

from LungCAD.batch.cases import Case
from LungCAD.batch.scans import ScansRun, read_scan, run_scans
from LungCAD.devices import choose_device
from LungCAD.files import write_json
from LungCAD.images import Scan, read_labels
from LungCAD.images.probability_planes import write_probability_planes
from LungCAD.labels import load_schema
from LungCAD.progress import Progress, part, silent
from LungCAD.report.case_files import write_labels_and_tables
from LungCAD.report.content import ReportContent
from LungCAD.report.html import write_report
from LungCAD.report.record import run_record
from LungCAD.report.stopwatch import Stopwatch
from LungCAD.tasks.ild_segmentation import (
    IldNetwork,
    IldSegmentationInputs,
    IldSegmentationParameters,
    IldSegmentationResult,
    segment,
)
from LungCAD.weights.shipped import weights_by_role

REPORT = "report.html"

COMMAND = "lungcad batch ild --input CASES --output RESULTS  # with the parameters above"
"""What repeats a run that no command line began."""


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
        weights=weights_by_role(parameters.weights),
        series_uid=scan.facts.series_uid,
    )
    write_json(folder / "run.json", record)
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
    write_report(content, folder / REPORT)


def segment_scans(
    source: Path,
    output: Path,
    parameters: IldSegmentationParameters,
    overwrite: bool = False,
    progress: Progress = silent,
    series: str | None = None,
) -> ScansRun:
    """Segment the CT of every sub-folder of `source`, as `run_folder`, with one loaded network.

    series : as `read_scan` takes it.

    Raises
    ------
    InputError
        As `run_folder` and `IldNetwork.load`.
    Cancelled
        From `progress`; the same call goes on where it stopped.
    """
    network = IldNetwork.load(parameters.weights, parameters.device)

    def examine(case: Case, folder: Path, progress: Progress) -> None:
        progress(0.0, f"{case.name}: reading")
        stopwatch = Stopwatch()
        scan = read_scan(case, series)
        lungs = read_labels(case.lungs, load_schema("lungs"), scan.image) if case.lungs else None
        inputs = IldSegmentationInputs(scan.image, lungs, scan.facts)
        stopwatch.lap("reading")
        result = segment(inputs, network, parameters, part(progress, 0.1, 0.9))
        stopwatch.lap("segmenting")
        progress(0.9, f"{case.name}: writing")
        write_ild_case(folder, scan, inputs, result, parameters, COMMAND, stopwatch)

    weights = weights_by_role(parameters.weights)
    return run_scans(source, output, parameters, weights, examine, None, overwrite, progress, series)
