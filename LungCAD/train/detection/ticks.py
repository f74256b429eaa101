"""Slices of which a reader only ticked what they show: no region is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.images import read_ct
from LungCAD.progress import Progress, each, silent
from LungCAD.tasks.detection_input import DetectionInput
from LungCAD.train.detection.label_volumes import read_table
from LungCAD.train.detection.slices import DISEASES, TICKED, SliceSet
from LungCAD.train.detection.splitting import require_patients_apart

COLUMNS = ("scan", "patient", "slice")
OTHERS = ("fold", "licence")


def ticked_slices(
    table: Path | str, prepare: DetectionInput | None = None, progress: Progress = silent
) -> Iterator[SliceSet]:
    """Yield the ticked slices of every scan in a CSV with one row per slice.

    Columns: scan (file or DICOM folder, relative to the table), patient, slice (counted from 0 along the
    patient's axis, feet first), and 0 or 1 for every disease; fold (a number) and licence where wanted.

    Raises
    ------
    InputError
        A column is missing or stands for no disease, a tick is neither 0 nor 1, a slice does not exist or is
        there twice, a patient is in two folds, a scan cannot be read.
    """
    table, prepare = Path(table), prepare or DetectionInput()
    rows = read_table(table, (*COLUMNS, *DISEASES))
    if strange := sorted(set(rows[0]) - {*COLUMNS, *OTHERS, *DISEASES}):
        problem = f"has columns for {', '.join(map(str, strange))}, which are not among the diseases"
        raise InputError(table, problem, f"Known: {', '.join(DISEASES)}")
    areas = np.array([[_tick(row, code, table) for code in DISEASES] for row in rows], np.float32)
    numbers = np.array([_whole(row, "slice", table) for row in rows])
    patients, scans = (np.array([row[name] for row in rows]) for name in ("patient", "scan"))
    folds = np.array([_whole(row, "fold", table) for row in rows]) if "fold" in rows[0] else None
    if folds is not None:
        require_patients_apart(patients, folds, table)
    for scan in each(list(dict.fromkeys(scans)), progress, "Reading scans"):
        own = np.flatnonzero(scans == scan)
        images = prepare.images(read_ct(table.parent / scan).image).numpy()
        _require_slices(numbers[own], len(images), scan, table)
        yield SliceSet(
            images[numbers[own]],
            areas[own],
            patients[own],
            DISEASES,
            prepare,
            f"slices that a reader ticked in {table.name}",
            rows[own[0]].get("licence") or "not stated",
            folds=None if folds is None else folds[own],
        )


def _tick(row: dict[str, str], code: str, table: Path) -> float:
    if row[code] not in ("0", "1"):
        problem = f"says {row[code]!r} of {code} on slice {row['slice']} of {row['scan']}"
        raise InputError(table, problem, "Write 1 where it is there, else 0")
    return TICKED if row[code] == "1" else 0.0


def _whole(row: dict[str, str], column: str, table: Path) -> int:
    try:
        return int(row[column])
    except ValueError as error:
        raise InputError(table, f"has the {column} {row[column]!r}", "Write a whole number") from error


def _require_slices(numbers: NDArray[np.intp], count: int, scan: str, table: Path) -> None:
    if beyond := sorted(number for number in numbers.tolist() if not 0 <= number < count):
        problem = f"names slice {beyond[0]} of {scan}, which has {count}"
        raise InputError(table, problem, "Count from 0, from the feet")
    if len(np.unique(numbers)) < len(numbers):
        raise InputError(table, f"has a slice of {scan} twice", "Keep one row per slice")
