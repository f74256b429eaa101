"""Whether bone is bright or dark on a film, told from the lungs that were found."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter

REACH = 0.05
"""Width of the rim around the lungs that they are compared with, in widths of the picture."""


def is_inverted(levels: NDArray[np.float32], lung: NDArray[np.float32]) -> bool:
    """Return whether the lungs are brighter than the tissue around them, or none were found.

    A network that has learned from films of both kinds finds the lungs well enough for this on either; how
    sure it is of them tells less. `levels` (side, side), 0 beside the picture, as the network saw them.
    `lung` : its probability.
    """
    found = lung > 0.5
    rim = maximum_filter(found, 2 * round(REACH * len(found)) + 1) & ~found & (levels != 0)
    if not found.any() or not rim.any():
        return True
    return bool(levels[found].mean() > levels[rim].mean())
