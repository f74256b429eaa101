"""Measurements as CSV: units in the header, one row per fact, written atomically."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from LungCAD.files import write_text
from LungCAD.report.densitometry import Densitometry
from LungCAD.report.findings import Findings
from LungCAD.report.measurements import LUNG_REGIONS, Measurements
from LungCAD.report.quantities import QUANTITIES


def write_measurements(path: Path | str, measurements: Measurements, overwrite: bool = False) -> None:
    """Write one row per region and label; the share of an empty region is an empty cell.

    Raises
    ------
    InputError
        As `LungCAD.files.atomic_path`.
    """
    header = ["region", "label", "name", "volume [ml]", "share of region [%]", "region volume [ml]"]
    rows = [
        [
            share.region.code,
            share.code,
            share.name,
            f"{share.volume_ml:.3f}",
            "" if share.percent is None else f"{share.percent:.3f}",
            f"{measurements.region_ml[share.region.code]:.3f}",
        ]
        for share in measurements.shares
    ]
    write_text(path, _csv(header, rows), overwrite)


def write_densitometry(path: Path | str, densitometry: Densitometry, overwrite: bool = False) -> None:
    """Write one row per lung region; a withheld number is an empty cell and its reason follows.

    Raises
    ------
    InputError
        As `LungCAD.files.atomic_path`.
    """
    header = [
        "region",
        *(f"{quantity.name} [{quantity.unit}]" for quantity in QUANTITIES),
        "withheld",
        "cautions",
    ]
    cautions = " ".join(caution.text for caution in densitometry.cautions)
    rows = []
    for region in LUNG_REGIONS:
        readings = [densitometry.reading(region.code, quantity.code) for quantity in QUANTITIES]
        numbers = ["" if reading.value is None else f"{reading.value:.3f}" for reading in readings]
        reasons = [f"{reading.quantity.name}: {reading.withheld}" for reading in readings if reading.withheld]
        rows.append([region.code, *numbers, "; ".join(reasons), cautions])
    write_text(path, _csv(header, rows), overwrite)


def write_slices(path: Path | str, findings: Findings, overwrite: bool = False) -> None:
    """Write one row per slice, feet first; what is not said of a slice is an empty cell.

    Raises
    ------
    InputError
        As `LungCAD.files.atomic_path`.
    """
    codes = [disease.code for disease in findings.diseases]
    header = [
        "slice",
        "z [mm]",
        *(f"probability of {code}" for code in codes),
        *(f"smoothed probability of {code}" for code in codes),
        "lung [cm2]",
        "abstained",
    ]
    rows = []
    for reading in findings.slices:
        said = [f"{value:.4f}" for value in (*reading.probability, *reading.smoothed)]
        rows.append(
            [
                str(reading.number),
                f"{reading.z_mm:.2f}",
                *(said or [""] * (2 * len(codes))),
                f"{reading.lung_cm2:.1f}",
                str(int(reading.abstained)),
            ]
        )
    write_text(path, _csv(header, rows), overwrite)


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
