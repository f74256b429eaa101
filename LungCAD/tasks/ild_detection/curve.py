"""From probabilities slice by slice to what the scan shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from LungCAD.report.findings import SliceRange

REACH = 4.0
"""Standard deviations after which a neighbour has no say any more."""


def judged_slices(
    lung_cm2: NDArray[np.float64], least_cm2: float, spacing_mm: float, beyond_mm: float
) -> NDArray[np.bool_]:
    """Return which slices (S,) may show lung: from the first with enough air to the last, and near ones.

    Disease may leave hardly any air in a slice, between these as well as below and above them.
    """
    inside = np.zeros(len(lung_cm2), bool)
    enough = np.flatnonzero((lung_cm2 >= least_cm2) & (lung_cm2 > 0))
    if enough.size:
        beyond = int(beyond_mm / spacing_mm)
        inside[max(0, enough[0] - beyond) : enough[-1] + beyond + 1] = True
    return inside


def smooth(probabilities: NDArray[np.float32], spacing_mm: float, sigma_mm: float) -> NDArray[np.float32]:
    """Return the mean of neighbouring slices (S, C), weighted with a Gaussian of their distance.

    Nothing lies beyond the first and last slice: the weights that are left add up to 1.
    """
    if sigma_mm == 0 or len(probabilities) < 2:
        return probabilities
    steps = np.arange(len(probabilities))
    distance = np.abs(steps[:, None] - steps) * (spacing_mm / sigma_mm)
    weights = np.where(distance <= REACH, np.exp(-0.5 * distance**2), 0)
    return ((weights / weights.sum(1, keepdims=True)) @ probabilities).astype(np.float32)


def ranges(
    curve: NDArray[np.float32], threshold: float, numbers: Sequence[int], positions_mm: Sequence[float]
) -> Iterator[SliceRange]:
    """Yield the runs of slices (S,) in which the curve reaches the threshold, from the first on.

    numbers, positions_mm : of these slices.
    """
    above = np.concatenate([[False], curve >= threshold, [False]])
    starts, stops = np.flatnonzero(np.diff(above.astype(np.int8))).reshape(-1, 2).T
    for start, stop in zip(starts, stops, strict=True):
        peak = start + int(np.argmax(curve[start:stop]))
        yield SliceRange(
            first=numbers[start],
            last=numbers[stop - 1],
            from_mm=positions_mm[start],
            to_mm=positions_mm[stop - 1],
            peak=numbers[peak],
            probability=float(curve[peak]),
        )
