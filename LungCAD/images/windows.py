"""Windows of Hounsfield units, and what they make of a CT."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Window = tuple[float, float]
"""Lowest and highest HU that stay apart; what lies beyond is clipped."""

GAO_LOW: Window = (-1400.0, -950.0)
GAO_NORMAL: Window = (-1400.0, 200.0)
GAO_HIGH: Window = (-160.0, 240.0)
GAO: tuple[Window, Window, Window] = (GAO_LOW, GAO_NORMAL, GAO_HIGH)
"""Low, normal and high attenuation: the three channels of Gao et al. 2016 and 2017."""

SAPSAM_AIR: Window = (-1400.0, -900.0)
SAPSAM_LUNG: Window = (-900.0, -160.0)
SAPSAM_SOFT: Window = (-160.0, 240.0)
SAPSAM: tuple[Window, Window, Window] = (SAPSAM_AIR, SAPSAM_LUNG, SAPSAM_SOFT)
"""Air, lung and soft tissue: the three channels of Zusag et al. (SAPSAM)."""

LUNG: Window = (-1350.0, 150.0)
"""The usual window for looking at lungs: level -600, width 1500."""


def apply_window(hu: NDArray, window: Window) -> NDArray[np.float32]:
    """Return HU of any shape scaled so that the window spans 0..255, clipped to it (float32)."""
    low, high = window
    if not low < high:
        raise ValueError(f"window: its low end {low} must lie below its high end {high}")
    return np.clip((np.asarray(hu, dtype=np.float32) - low) * (255.0 / (high - low)), 0.0, 255.0)


def apply_windows(hu: NDArray, windows: Sequence[Window] = GAO) -> NDArray[np.float32]:
    """Return windowed copies of `hu` along a new first axis: (len(windows), *hu.shape), 0..255."""
    return np.stack([apply_window(hu, window) for window in windows])
