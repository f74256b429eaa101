"""From the area of a disease on a slice to what a network learns (Gao et al. 2017, fig. 3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

PIXEL_MM = 0.7
"""Of the paper's slices, 512 pixels wide: about what LTRC's are."""


def square_millimetres(pixels: float) -> float:
    """Return the area of so many of the paper's pixels: 6000 are 2940 mm2, 4000 are 1960 mm2."""
    return pixels * PIXEL_MM**2


def paper_pixels(mm2: float) -> float:
    """Return how many of the paper's pixels an area has."""
    return mm2 / PIXEL_MM**2


T6000_MM2, T4000_MM2 = square_millimetres(6000), square_millimetres(4000)


def area_target(areas: ArrayLike, threshold: float) -> NDArray[np.float32]:
    """Return areas in units of the threshold (fig. 3, left): 1 is just enough to be called present.

    The paper regresses to numbers of pixels and states no scale. Eq. 3 changes from a square to a straight
    line at an error of 1: it does so here at an error as large as the threshold.
    """
    return (np.asarray(areas) / threshold).astype(np.float32)


def step_target(areas: ArrayLike, threshold: float) -> NDArray[np.float32]:
    """Return 1 where an area reaches the threshold, else 0 (fig. 3, middle)."""
    return (np.asarray(areas) >= threshold).astype(np.float32)


def ramp_target(areas: ArrayLike, lower: float, upper: float) -> NDArray[np.float32]:
    """Return 0 up to T1 = `lower`, 1 from T2 = `upper` on, and a straight line between (fig. 3, right)."""
    if not lower < upper:
        raise ValueError(f"lower: {lower} is not less than upper, {upper}")
    return np.clip((np.asarray(areas) - lower) / (upper - lower), 0, 1).astype(np.float32)
