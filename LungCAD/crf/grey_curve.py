"""From HU to the grey levels of the windows: a curve that one number runs along."""

from __future__ import annotations

import numpy as np

from LungCAD.crf.parameters import Windows
from LungCAD.images.windows import apply_windows


def grey_levels(hu: np.ndarray, windows: Windows) -> np.ndarray:
    """Return the grey levels 0..255 (..., K) float64 of HU values (...) in each of K windows (low, high)."""
    return np.moveaxis(apply_windows(hu, windows), 0, -1).astype(np.float64)


def arc_length(hu: np.ndarray, windows: Windows) -> np.ndarray:
    """Return how far (in grey levels) along the curve HU -> I each HU value lies.

    The curve is straight between the ends of the windows, and stands still where no window grows.
    """
    corners = np.unique(np.asarray(windows, dtype=np.float64))
    lengths = np.linalg.norm(np.diff(grey_levels(corners, windows), axis=0), axis=1)
    return np.interp(hu, corners, np.concatenate([[0.0], np.cumsum(lengths)]))


def hu_at(length: np.ndarray, windows: Windows) -> np.ndarray:
    """Return the HU value at each arc length: the inverse of `arc_length` where the curve moves."""
    corners = np.unique(np.asarray(windows, dtype=np.float64))
    return np.interp(length, arc_length(corners, windows), corners)
