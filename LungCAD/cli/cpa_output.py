"""The output folder of a scan that was searched for signs of aspergillosis."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from LungCAD.cli.case_output import Stopwatch
from LungCAD.devices import choose_device
from LungCAD.files import write_text
from LungCAD.images import Scan, write_image
from LungCAD.labels import load_schema
from LungCAD.report.record import run_record
from LungCAD.report.sign_pictures import paint_projection
from LungCAD.report.sign_report import SignReport, render_sign_report
from LungCAD.report.signs import SignReading
from LungCAD.tasks.cpa import CpaParameters, CpaResult
from LungCAD.tasks.cpa_projections import AXES

COLUMNS = ("region", "sign", "probability", *AXES, "withheld")


def write_cpa(
    folder: Path,
    scan: Scan,
    result: CpaResult,
    parameters: CpaParameters,
    command: str,
    stopwatch: Stopwatch,
) -> None:
    """Write signs.csv, scan.json, heat maps, projections, report.html and run.json to `folder`."""
    write_text(folder / "signs.csv", signs_csv(result.signs))
    write_text(folder / "scan.json", json.dumps(scan_statement(result), indent=2))
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
