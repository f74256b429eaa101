"""From a map of probabilities to two whole lungs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import expand_labels

SMALLEST = 0.1
"""A second lung has at least this part of the larger one's area; less is something else."""

RIGHT, LEFT = 1, 2


@dataclass(frozen=True)
class TwoLungs:
    """labels : (Y, X), 0, 1 right, 2 left. nearest : the same, with every pixel given to the nearest lung."""

    labels: NDArray[np.uint8]
    nearest: NDArray[np.uint8]


def clean(lung: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probabilities (Y, X) with the holes of lungs filled and all but two lungs taken away.

    The two largest components stay, the second only if it is no crumb of the first.
    """
    filled = ndimage.binary_fill_holes(lung > 0.5)
    parts, count = ndimage.label(filled)
    if not count:
        return lung
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    largest = np.argsort(sizes)[::-1][:2]
    kept = [part for part in largest if sizes[part] > SMALLEST * sizes[largest[0]]]
    cleaned = np.where(filled, np.maximum(lung, 0.51), np.minimum(lung, 0.5))
    return np.where(np.isin(parts, kept) | ~filled, cleaned, 0).astype(np.float32)


def two_lungs(mask: NDArray[np.bool_], mirrored: bool = False, middle: float | None = None) -> TwoLungs:
    """Tell right from left by position: the patient faces the reader, unless the film is `mirrored`.

    One component that is wider than high is both lungs touching: it is cut at its thinnest column. A single
    lung's side is that of the column `middle` (that of the mask where None) where its own middle lies.
    """
    parts, count = ndimage.label(mask)
    if count == 1:
        parts = _cut(parts)
    centres = {part: np.nonzero(parts == part)[1].mean() for part in np.unique(parts[parts > 0])}
    order = sorted(centres, key=centres.get)
    sides = (LEFT, RIGHT) if mirrored else (RIGHT, LEFT)
    labels = np.zeros(mask.shape, np.uint8)
    if len(order) == 2:
        for part, side in zip(order, sides, strict=True):
            labels[parts == part] = side
    elif order:
        middle = mask.shape[1] / 2 if middle is None else middle
        labels[mask] = sides[int(centres[order[0]] > middle)]
    return TwoLungs(labels, expand_labels(labels, max(mask.shape)))


def _cut(parts: NDArray[np.int32]) -> NDArray[np.int32]:
    rows, columns = np.nonzero(parts)
    width, height = np.ptp(columns) + 1, np.ptp(rows) + 1
    if width < height:
        return parts
    third = width // 3
    middle = slice(columns.min() + third, columns.max() + 1 - third)
    thinnest = middle.start + int(np.argmin((parts[:, middle] > 0).sum(axis=0)))
    cut = parts.copy()
    cut[:, thinnest:][parts[:, thinnest:] > 0] = 2
    return cut
