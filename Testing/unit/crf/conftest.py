"""Small lungs with a random field of HU and a random unary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter


@dataclass
class Case:
    """What the CRF takes: probabilities (C, z, y, x), hu, mask (z, y, x), spacing (z, y, x) in mm."""

    probabilities: np.ndarray
    hu: np.ndarray
    mask: np.ndarray
    spacing: tuple[float, float, float]

    @property
    def free(self) -> np.ndarray:
        return np.full(self.mask.shape, -1, dtype=np.int16)

    @property
    def lungs(self) -> np.ndarray:
        """Number of the lung: 1 left of the middle of the image, 2 right of it."""
        half = self.mask.shape[2] // 2
        return np.broadcast_to(np.where(np.arange(self.mask.shape[2]) < half, 1, 2), self.mask.shape)


def two_lungs(
    shape: tuple[int, int, int] = (1, 44, 52),
    classes: int = 5,
    seed: int = 0,
    spacing: tuple[float, float, float] = (2.0, 0.7, 0.7),
) -> Case:
    """Two ellipses of correlated HU, -1024..400, and a smooth random unary that knows little."""
    rng = np.random.default_rng(seed)
    depth = 0 if shape[0] == 1 else 1

    def smooth(sigma: float) -> np.ndarray:
        field = gaussian_filter(rng.normal(size=shape), (depth, sigma, sigma))
        return field / field.std()

    hu = np.clip(-820 + 110 * smooth(6) + 60 * rng.normal(size=shape), -1024, 400).astype(np.float32)
    scores = np.exp(2 * np.stack([smooth(4) for _ in range(classes)]))
    _, y, x = np.indices(shape)
    mask = np.zeros(shape, bool)
    for centre in (0.26, 0.74):
        across = (x - centre * shape[2]) / (0.22 * shape[2])
        along = (y - 0.5 * shape[1]) / (0.46 * shape[1])
        mask |= across**2 + along**2 < 1
    return Case((scores / scores.sum(0)).astype(np.float32), hu, mask, spacing)


@pytest.fixture
def make_case() -> Callable[..., Case]:
    return two_lungs


@pytest.fixture
def case() -> Case:
    return two_lungs()


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)
