"""Slices of which a reader only ticked what they show: no region is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from LungCAD.errors import InputError
from LungCAD.images import read_ct
from LungCAD.progress import Progress, each, silent
from LungCAD.report.slices import AxialStack
from LungCAD.review.slice_labels import SliceLabels, read_slice_labels
from LungCAD.tasks.detection_input import DetectionInput
from LungCAD.train.detection.slices import DISEASES, TICKED, SliceSet


def ticked_slices(
    table: Path | str, prepare: DetectionInput | None = None, progress: Progress = silent
) -> Iterator[SliceSet]:
    """Yield the ticked slices of every scan in a table of `LungCAD.review.slice_labels`.

    Slices of which something is not said are left out.

    Raises
    ------
    InputError
        As `read_slice_labels`; nothing is left, a scan cannot be read, a slice does not exist, or some rows
        have a fold and others none.
    """
    table, prepare = Path(table), prepare or DetectionInput()
    rows = [row for row in read_slice_labels(table, DISEASES) if None not in row.shown.values()]
    if not rows:
        raise InputError(table, "says nothing whole of any slice", "Fill in 0 or 1 for every disease")
    if len({row.fold is None for row in rows}) > 1:
        raise InputError(table, "has rows without a fold beside others with one", "Fill in all or none")
    rows.sort(key=lambda row: row.scan)
    scans = [list(own) for _, own in groupby(rows, key=lambda row: row.scan)]
    patients = len({row.patient for row in rows})
    source = f"slices of {len(scans)} scans of {patients} patients that a reader ticked"
    for own in each(scans, progress, "Reading scans"):
        ct = read_ct(own[0].image).image
        chosen = _from_feet(own, AxialStack(ct).numbers, table)
        yield SliceSet(
            prepare.images(ct).numpy()[chosen],
            np.array([[TICKED if row.shown[code] else 0 for code in DISEASES] for row in own], np.float32),
            np.full(len(own), own[0].patient),
            DISEASES,
            prepare,
            source,
            own[0].licence or "not stated",
            folds=None if own[0].fold is None else np.full(len(own), own[0].fold),
        )


def _from_feet(rows: Sequence[SliceLabels], numbers: Sequence[int], table: Path) -> list[int]:
    """Return where the slices lie among those of the scan, whose numbers are given from the feet on."""
    place = {number: index for index, number in enumerate(numbers)}
    for row in rows:
        if row.slice not in place:
            problem = f"names slice {row.slice} of {row.scan}, which has {len(numbers)}"
            raise InputError(table, problem, "Slices are counted from 1")
    return [place[row.slice] for row in rows]
