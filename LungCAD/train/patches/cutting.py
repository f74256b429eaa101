"""Patches out of labelled slices."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def cut_patches(
    hu: np.ndarray, labels: np.ndarray, patch_px: int, step: int, purity: float
) -> Iterator[tuple[np.ndarray, int]]:
    """Yield patches (patch_px, patch_px) in HU with the label that covers them.

    Parameters
    ----------
    hu, labels : (z, y, x) Hounsfield units and label values, 0 where nothing is labelled.
    step : neighbouring patches of a label are at least so many pixels apart along one axis; with less than
        `patch_px` they overlap.
    purity : least part (above 0.5, up to 1) of a patch's pixels that carry its label.

    Raises
    ------
    ValueError
        Shapes differ, or a number is out of range.
    """
    if hu.shape != labels.shape or hu.ndim != 3:
        raise ValueError(f"hu {hu.shape} and labels {labels.shape} are not volumes (z, y, x) of one shape")
    if patch_px < 1 or step < 1 or not 0.5 < purity <= 1:
        raise ValueError(f"patch_px {patch_px}, step {step} or purity {purity} is out of range")
    if min(hu.shape[1:]) < patch_px:
        return
    needed = np.ceil(purity * patch_px**2 - 1e-6)
    for plane, drawn in zip(hu, labels, strict=True):
        for value in np.unique(drawn[drawn > 0]):
            for y, x in _spread(_box_sums(drawn == value, patch_px) >= needed, step):
                yield plane[y : y + patch_px, x : x + patch_px], int(value)


def _box_sums(marked: np.ndarray, width: int) -> np.ndarray:
    """Return the number of marked pixels in every square, by its first corner."""
    sums = np.pad(marked.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    return sums[width:, width:] - sums[:-width, width:] - sums[width:, :-width] + sums[:-width, :-width]


def _spread(places: np.ndarray, step: int) -> Iterator[tuple[int, int]]:
    """Take places (y, x) row by row, leaving out what lies nearer than `step` to one taken."""
    free = places.copy()
    while free.any():
        y, x = np.unravel_index(free.argmax(), free.shape)
        free[max(y - step + 1, 0) : y + step, max(x - step + 1, 0) : x + step] = False
        yield int(y), int(x)
