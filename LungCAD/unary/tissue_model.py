"""What drawn regions tell of their classes: distances in the learned metric and a discriminant of filters.

In the metric of the texture network the tissues that it knows lie about their means with variance one,
whichever scan they come from; class means are all that has to be learned (Snell et al., NeurIPS 2017). The
filters take any texture as it is; how to weigh them is learned from the scan. Both speak as experts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from LungCAD.unary.discriminant import Discriminant, Moments, class_means, fit_discriminant

FILTER_WEIGHT = 0.05
"""Of the filters' squared distances: many, they say nearly the same. From phantoms and real patches."""


@dataclass(frozen=True)
class TissueModel:
    """Classes of one scan.

    means : (C, D) in the learned metric, of the first D features. discriminant : of the others.
    """

    means: np.ndarray
    discriminant: Discriminant

    @classmethod
    def fit(cls, regions: Sequence[Moments], classes: np.ndarray, dimensions: int) -> TissueModel:
        """Learn from drawn regions.

        Parameters
        ----------
        regions : what each region tells. classes : (regions,) index of each region's class, 0..C-1, every
            class at least once. dimensions : the number of features in the learned metric; they come first.
        """
        filters = [
            Moments(r.mean[dimensions:], r.covariance[dimensions:, dimensions:], r.trust) for r in regions
        ]
        means = class_means(regions, classes)[:, :dimensions].astype(np.float32)
        return cls(means, fit_discriminant(filters, classes))

    def squared_distances(self, features: np.ndarray) -> np.ndarray:
        """Return squared distances (N, C) to the classes, of features (N, F)."""
        filters = features[:, self.means.shape[1] :]
        return self.learned_squares(features) + FILTER_WEIGHT * self.discriminant.squared_distances(filters)

    def learned_squares(self, features: np.ndarray) -> np.ndarray:
        """Return squared distances (N, C) to the class means in the learned metric, of features (N, F)."""
        learned = features[:, : self.means.shape[1]]
        squares = (learned**2).sum(1)[:, None] - 2 * learned @ self.means.T + (self.means**2).sum(1)
        return np.maximum(squares, 0)
