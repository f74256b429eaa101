"""Expose, process and digitise a film in another way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Picture = NDArray[np.float32]


def expose(picture: Picture, rng: np.random.Generator) -> Picture:
    """Return a square picture (0..1) with another exposure.

    Gamma, a slanting brightness as of a portable film, dark or bright corners; sometimes the local contrast
    raised as viewers do, or blur; grain; clipped shadows and lights.
    """
    side = len(picture)
    y, x = np.meshgrid(*2 * [np.linspace(-1, 1, side)], indexing="ij")
    exposed = picture.clip(0, 1) ** np.exp(rng.normal(0, 0.4))
    exposed = exposed * (1 + rng.normal(0, 0.12) * x + rng.normal(0, 0.12) * y)
    exposed = exposed + rng.normal(0, 0.1) * (x**2 + y**2 - 0.7)
    if rng.random() < 0.2:
        around = gaussian_filter(exposed, side * rng.uniform(0.02, 0.1))
        exposed = exposed + rng.uniform(0.3, 1.0) * (exposed - around)
    if rng.random() < 0.2:
        exposed = gaussian_filter(exposed, rng.uniform(0.4, 1.5))
    exposed = exposed + rng.uniform(0, 0.03) * rng.standard_normal(picture.shape)
    low = rng.uniform(-0.1, 0.1)
    return ((exposed - low) / rng.uniform(0.8, 1.15)).clip(0, 1)
