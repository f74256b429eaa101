"""Linear discriminant of few, unequal samples: regions, not pixels, are what was sampled.

Every class has the mean of its regions' means. All classes share one covariance: the scatter of pixels
within regions plus the scatter of regions about their class, shrunk towards its diagonal (Friedman,
"Regularized discriminant analysis", JASA 1989). A region counts once whatever its area.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log_softmax

SHRINKAGE = 0.3
BETWEEN_REGIONS = 1.0
"""Weight of the scatter of regions about their class mean, beside the scatter within regions."""


@dataclass(frozen=True)
class Discriminant:
    """Gaussian classes with one covariance.

    centre, scale : (F,) standardise the features.
    whitening : (F, F), maps standardised features to unit covariance within classes.
    means : (C, F) class means, whitened.
    """

    centre: np.ndarray
    scale: np.ndarray
    whitening: np.ndarray
    means: np.ndarray

    def squared_distances(self, features: np.ndarray) -> np.ndarray:
        """Return squared Mahalanobis distances to the class means; features (N, F) -> (N, C) float32."""
        white = ((features - self.centre) / self.scale) @ self.whitening
        squares = (white**2).sum(1)[:, None] + (self.means**2).sum(1) - 2 * white @ self.means.T
        return np.maximum(squares, 0)

    def log_probabilities(
        self, squared_distances: np.ndarray, temperature: float, log_priors: np.ndarray | float = 0.0
    ) -> np.ndarray:
        """Return log posteriors (N, C) of `squared_distances` (N, C); equal priors unless given."""
        return log_softmax(-0.5 * squared_distances / temperature + log_priors, axis=1)


def fit_discriminant(regions: list[np.ndarray], classes: np.ndarray) -> Discriminant:
    """Fit a discriminant to the pixels of drawn regions.

    Parameters
    ----------
    regions : one (pixels, F) array per region.
    classes : (regions,) index of each region's class, 0..C-1, every class at least once.
    """
    weights = 1.0 / np.bincount(classes)[classes]
    weights /= weights.sum()
    centre = sum(w * r.mean(0) for w, r in zip(weights, regions, strict=True))
    spread = sum(w * ((r - centre) ** 2).mean(0) for w, r in zip(weights, regions, strict=True))
    scale = np.sqrt(spread) + 1e-6

    standard = [(r - centre) / scale for r in regions]
    region_means = np.stack([r.mean(0) for r in standard])
    class_means = np.stack([region_means[classes == c].mean(0) for c in range(classes.max() + 1)])
    covariance = _covariance(standard, region_means, class_means, classes, weights)
    whitening = np.linalg.cholesky(np.linalg.inv(covariance))
    return Discriminant(*(a.astype(np.float32) for a in (centre, scale, whitening, class_means @ whitening)))


def _covariance(
    regions: list[np.ndarray],
    region_means: np.ndarray,
    class_means: np.ndarray,
    classes: np.ndarray,
    weights: np.ndarray,
) -> np.ndarray:
    features = region_means.shape[1]
    covariance = np.zeros((features, features))
    for region, mean, weight in zip(regions, region_means, weights, strict=True):
        residual = region - mean
        covariance += weight * residual.T @ residual / len(residual)
    freedom = len(regions) - len(class_means)
    if freedom > 0:
        offsets = region_means - class_means[classes]
        covariance += BETWEEN_REGIONS * offsets.T @ offsets / freedom
    target = np.trace(covariance) / features * np.eye(features)
    return (1 - SHRINKAGE) * covariance + SHRINKAGE * target
