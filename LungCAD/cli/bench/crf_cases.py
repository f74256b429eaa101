"""Images that the dense CRF is measured on: two lungs of correlated noise, and a unary that knows little."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import zoom


@dataclass(frozen=True)
class CrfCase:
    """Input of the CRF. Arrays are (z, y, x).

    inside : (C, N) float32 probabilities of the N voxels in the mask, in raster order.
    """

    inside: np.ndarray
    hu: np.ndarray
    mask: np.ndarray
    spacing: tuple[float, float, float]

    @property
    def voxels(self) -> int:
        """Number of voxels in the mask."""
        return self.inside.shape[1]


def make_case(
    shape: tuple[int, int, int],
    classes: int,
    seed: int = 0,
    spacing: tuple[float, float, float] = (1.0, 0.7, 0.7),
) -> CrfCase:
    """Return two ellipsoids (ellipses in one slice) of HU in -1024..400; about a quarter of the image."""
    rng = np.random.default_rng(seed)
    mask = _two_lungs(shape)
    hu = -820 + 110 * _smooth(rng, shape, 12) + 60 * rng.standard_normal(shape, dtype=np.float32)
    inside = np.stack([_smooth(rng, shape, 8)[mask] for _ in range(classes)])
    inside = np.exp(2 * inside)
    inside /= inside.sum(0)
    return CrfCase(inside, np.clip(hu, -1024, 400).astype(np.int16), mask, spacing)


def _two_lungs(shape: tuple[int, int, int]) -> np.ndarray:
    depth, height, width = (np.arange(n, dtype=np.float32) for n in shape)
    up = ((depth - shape[0] / 2) / (0.7 * shape[0])) ** 2 if shape[0] > 1 else np.zeros(1, np.float32)
    along = ((height - shape[1] / 2) / (0.34 * shape[1])) ** 2
    mask = np.zeros(shape, bool)
    for centre in (0.28, 0.72):
        across = ((width - centre * shape[2]) / (0.112 * shape[2])) ** 2
        mask |= up[:, None, None] + along[:, None] + across < 1
    return mask


def _smooth(rng: np.random.Generator, shape: tuple[int, int, int], grain: int) -> np.ndarray:
    """Return noise of unit variance whose grains are about so many voxels wide."""
    coarse = [max(2, n // grain + 2) if n > 1 else 1 for n in shape]
    factors = [n / c for n, c in zip(shape, coarse, strict=True)]
    field = zoom(rng.standard_normal(coarse, dtype=np.float32), factors, order=1)
    return field / field.std()
