"""Smooth random fields, defined everywhere in millimetre space, so that a grid only samples them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class WaveField:
    """A sum of plane waves of random direction and phase: a Gaussian-like field of mean 0 and variance 1.

    Parameters
    ----------
    rng : where the waves come from.
    wavelength : mean wavelength in mm; each wave's own lies within +-40 % of it.
    waves : how many; the field's distribution nears the normal one as they grow.
    """

    def __init__(self, rng: np.random.Generator, wavelength: float, waves: int = 24) -> None:
        direction = rng.normal(size=(waves, 3))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        number = 2 * np.pi / (wavelength * rng.uniform(0.6, 1.4, (waves, 1)))
        self.vectors = direction * number
        self.phases = rng.uniform(0, 2 * np.pi, waves)
        self.scale = np.sqrt(2 / waves)

    def on_slice(self, x: NDArray, y: NDArray, z: float) -> NDArray[np.float32]:
        """Return the field (Y, X) at the coordinates x (X,), y (Y,) of one slice, in mm."""
        kx, ky, kz = self.vectors.T
        along_x = np.exp(1j * kx[:, None] * x.ravel()).astype(np.complex64)
        along_y = np.exp(1j * (y.ravel()[:, None] * ky + kz * z + self.phases)).astype(np.complex64)
        return (self.scale * (along_y @ along_x).real).astype(np.float32)

    def at(self, points: NDArray) -> NDArray[np.float32]:
        """Return the field (N,) at `points` (N, 3) in mm."""
        return (self.scale * np.cos(points @ self.vectors.T + self.phases).sum(axis=1)).astype(np.float32)
