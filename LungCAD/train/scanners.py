"""What differs between scanners beyond what phantoms show."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

SHIFT_HU, STRETCH, NOISE_HU, BLUR_PX = 12.0, 0.06, 12.0, 0.8
"""Breath, calibration, kernels and noise differ between scanners more than phantoms show."""

STRETCHED_ABOUT_HU = -870.0


def as_another_scanner(hu: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return HU (N, Y, X) float32: shifted, sometimes blurred, stretched about parenchyma or noisier."""
    hu = hu + rng.normal(0, SHIFT_HU)
    if rng.random() < 0.3:
        hu = gaussian_filter(hu, (0, *2 * [rng.uniform(0, BLUR_PX)]))
    if rng.random() < 0.5:
        hu = (hu - STRETCHED_ABOUT_HU) * np.exp(rng.normal(0, STRETCH)) + STRETCHED_ABOUT_HU
    if rng.random() < 0.3:
        hu = hu + rng.normal(0, rng.uniform(0, NOISE_HU), hu.shape)
    return hu.astype(np.float32)
