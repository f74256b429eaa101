"""Volumes slice by slice as a radiologist reads them, and which slices are worth a picture."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from LungCAD.images.geometry import patient_axes

if TYPE_CHECKING:
    from LungCAD.labels import Schema

HEALTHY = "healthy"
"""Code of the one label that does not stand for disease."""


class AxialStack:
    """An image seen from the patient's feet: slices from feet to head, anterior up, the right on the left.

    Any direction matrix is followed to the nearest patient axes; no voxel is copied or interpolated.

    Attributes
    ----------
    array : read-only view (slice, row, column).
    spacing_mm : between slices, rows, columns.
    positions_mm : superior coordinate of every slice's centre (as Slicer shows it), ascending.
    numbers : where every slice lies in the stored volume, counted from 1.
    """

    def __init__(self, image: sitk.Image) -> None:
        order, against = patient_axes(image)
        axes, reverse = order[::-1], against[::-1]
        view = sitk.GetArrayViewFromImage(image).transpose([2 - axis for axis in axes])
        self.array = view[tuple(slice(None, None, -1) if back else slice(None) for back in reverse)]
        self.spacing_mm = tuple(image.GetSpacing()[axis] for axis in axes)
        stored = range(image.GetSize()[axes[0]])
        centre = [(size - 1) / 2 for size in image.GetSize()]
        order = list(reversed(stored)) if reverse[0] else list(stored)
        self.numbers = [index + 1 for index in order]
        self.positions_mm = [
            image.TransformContinuousIndexToPhysicalPoint(
                [index if axis == axes[0] else centre[axis] for axis in range(3)]
            )[2]
            for index in order
        ]
        self._image = image  # the view is into its memory

    def __len__(self) -> int:
        return len(self.numbers)


def count_classes(labels: np.ndarray, lungs: np.ndarray, schema: Schema) -> np.ndarray:
    """Count the lung's pixels per slice and label: (slices, labels + 1), the last unlabelled.

    Both are stacks (slice, row, column) of values as `AxialStack.array` has them.
    """
    counts = np.stack(
        [np.bincount(label[lung > 0], minlength=256)[:256] for label, lung in zip(labels, lungs, strict=True)]
    )
    named = counts[:, list(schema.values)]
    return np.column_stack([named, counts.sum(axis=1) - named.sum(axis=1)])


def count_affected(counts: np.ndarray, schema: Schema) -> np.ndarray:
    """Sum the counts of `count_classes` over the labels that stand for disease: (slices,)."""
    diseased = [index for index, code in enumerate(schema.codes) if code != HEALTHY]
    return counts[:, diseased].sum(axis=1)


def mean_uncertainty(uncertainty: AxialStack, lungs: AxialStack) -> np.ndarray:
    """Return the mean uncertainty of the lung per slice.

    Slices with less lung than a quarter of the largest area score 0: at apex and base a few pixels of
    pleura would always win.
    """
    areas = np.array([np.count_nonzero(lung) for lung in lungs.array])
    means = np.zeros(len(areas))
    for index in np.flatnonzero(areas >= max(areas.max() / 4, 1)):
        means[index] = uncertainty.array[index][lungs.array[index] > 0].mean()
    return means


def pick(scores: np.ndarray, count: int, gap: int, taken: Collection[int] = ()) -> list[int]:
    """Return up to `count` slices of the highest positive score, best first.

    They lie at least `gap` slices from each other and from those already `taken`, so that every picture
    shows something else.
    """
    chosen: list[int] = []
    for index in np.argsort(-scores, kind="stable"):
        if len(chosen) == count or not scores[index] > 0:
            break
        if all(abs(int(index) - other) >= max(gap, 1) for other in (*chosen, *taken)):
            chosen.append(int(index))
    return chosen
