"""Smooth random fields, defined everywhere in millimetre space, so that a grid only samples them."""

from __future__ import annotations

import numpy as np

from LungCAD.phantom.shapes import Array


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
        self.vectors = direction * 2 * np.pi / (wavelength * rng.uniform(0.6, 1.4, (waves, 1)))
        self.phases = rng.uniform(0, 2 * np.pi, waves)
        self.scale = np.sqrt(2 / waves)

    def __call__(self, x: Array, y: Array, z: Array | float) -> Array:
        """Return the field: (Y, X) on a slice x (1, X), y (Y, 1), z scalar; (N,) at points (N,); in mm."""
        kx, ky, kz = self.vectors.T
        if (
            np.ndim(x) == 2
        ):  # a wave over a slice is cos(a + b) = cos a cos b - sin a sin b, a of x and b of y
            a = x * kx[:, None]
            b = y * ky + (float(z) * kz + self.phases)
            total = np.hstack([np.cos(b), -np.sin(b)]).astype(np.float32) @ np.vstack(
                [np.cos(a), np.sin(a)]
            ).astype(np.float32)
        else:
            total = np.cos(np.outer(x, kx) + np.outer(y, ky) + np.outer(z, kz) + self.phases).sum(axis=1)
        return np.float32(self.scale) * total.astype(np.float32)
