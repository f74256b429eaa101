"""Tissue that resembles no drawn region, seen in the metric that the texture network learned.

There the tissues that it knows lie about their means with variance one, whichever scan they come from, so
that a distance says by itself whether a pixel is strange. Where drawn regions prove more varied, they set
the limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RADIUS = 2.6
"""Distance to its class mean that nearly all tissue keeps, from phantoms that no benchmark scores."""

QUANTILE = 0.98
"""So much of a left-out region must be known tissue."""


@dataclass(frozen=True)
class KnownTissue:
    """Class means (C, D) in the learned metric, and how far from them tissue is known."""

    means: np.ndarray
    limit: float

    @classmethod
    def of(cls, samples: Sequence[np.ndarray], classes: np.ndarray) -> KnownTissue:
        """Learn from regions.

        Parameters
        ----------
        samples : (pixels, D) of each region. classes : (regions,) index of each region's class, 0..C-1.
        """
        means = np.stack([pixels.mean(0) for pixels in samples])
        counts = np.bincount(classes)
        sums = np.stack([means[classes == c].sum(0) for c in range(len(counts))])
        reaches = [RADIUS]
        for pixels, mean, c in zip(samples, means, classes, strict=True):
            if counts[c] > 1:
                others = (sums[c] - mean) / (counts[c] - 1)
                reaches.append(float(np.quantile(np.linalg.norm(pixels - others, axis=1), QUANTILE)))
        return cls(sums / counts[:, None], max(reaches))

    def novelty(self, features: np.ndarray) -> np.ndarray:
        """Return distances (N,) to the nearest mean over the limit, of features (N, D)."""
        squares = (features**2).sum(1)[:, None] - 2 * features @ self.means.T + (self.means**2).sum(1)
        return np.sqrt(np.maximum(squares.min(1), 0)) / self.limit
