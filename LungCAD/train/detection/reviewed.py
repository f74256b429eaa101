"""Slices that readers accepted in a review, as the review exports them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from LungCAD.errors import InputError
from LungCAD.images import axial_axis
from LungCAD.progress import Progress, each, silent
from LungCAD.review.dataset import read_dataset
from LungCAD.tasks.detection_input import DetectionInput
from LungCAD.train.detection.slices import SliceSet, cut_slices


def reviewed_slices(
    folder: Path | str, prepare: DetectionInput | None = None, progress: Progress = silent
) -> Iterator[SliceSet]:
    """Yield the accepted slices of every case of an exported dataset.

    Raises
    ------
    InputError
        There is no dataset, its schema lacks a disease, a case was reviewed along another axis, or no slice
        was accepted.
    """
    dataset, prepare = read_dataset(folder), prepare or DetectionInput()
    if not any(case.accepted for case in dataset.cases):
        raise InputError(folder, "has no accepted slice", "Export reviewed cases to it")
    patients = len({case.patient for case in dataset.cases})
    source = f"{len(dataset.cases)} reviewed scans of {patients} patients"
    for case in each(dataset.cases, progress, "Reading cases"):
        ct, labels = dataset.image(case), dataset.labels(case)
        if case.axis != 2 - axial_axis(ct):
            raise InputError(case.id, "was not reviewed on axial slices", "Leave it out of the dataset")
        slices = cut_slices(
            ct, labels, dataset.schema, prepare, case.patient, source, case.licence, subject=case.id
        )
        yield slices.take(
            np.array(_feet_first(ct.GetDirection(), case.axis, case.accepted, len(slices)), np.intp)
        )


def _feet_first(direction: tuple[float, ...], axis: int, accepted: tuple[int, ...], count: int) -> list[int]:
    """Return the numbers of array slices as they are counted from the feet."""
    upwards = direction[6 + 2 - axis] > 0
    return sorted(number if upwards else count - 1 - number for number in accepted)
