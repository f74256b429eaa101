"""Linear discriminant of few, unequal samples: regions, not pixels, are what was sampled.

Every class has the mean of its regions' means. All classes share one covariance: the scatter of pixels
within regions plus the scatter of regions about their class, shrunk towards a sphere (Friedman,
"Regularized discriminant analysis", JASA 1989). A region counts once whatever its area, unless it is so small
that its own mean is uncertain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import log_softmax

SHRINKAGE = 0.8
BETWEEN_REGIONS = 1.0
"""Weight of the scatter of regions about their class, beside the scatter of pixels within regions."""


CERTAIN_PX = 100
"""Texture speaks from about so many pixels on: a region of this area counts half."""


@dataclass(frozen=True)
class Moments:
    """What a region tells of its class: mean (F,) and covariance (F, F) of its pixels' features.

    trust : how much the region counts, 0..1: nearly nothing for a sliver, 1 for a large region.
    """

    mean: np.ndarray
    covariance: np.ndarray
    trust: float

    @classmethod
    def of(cls, pixels: np.ndarray) -> Moments:
        """Return the moments of features (pixels, F)."""
        mean = pixels.mean(0, dtype=np.float64)
        residual = pixels - mean
        return cls(mean, residual.T @ residual / len(pixels), len(pixels) / (len(pixels) + CERTAIN_PX))


@dataclass(frozen=True)
class Discriminant:
    """Gaussian classes with one covariance.

    centre : (F,), between the classes. whitening : (F, F), maps centred features to unit covariance.
    means : (C, F) class means, whitened.
    """

    centre: np.ndarray
    whitening: np.ndarray
    means: np.ndarray

    def squared_distances(self, features: np.ndarray) -> np.ndarray:
        """Return squared Mahalanobis distances to the class means; features (N, F) -> (N, C)."""
        white = (features - self.centre) @ self.whitening
        squares = (white**2).sum(1)[:, None] + (self.means**2).sum(1) - 2 * white @ self.means.T
        return np.maximum(squares, 0)


def log_posteriors(squared_distances: np.ndarray, temperature: float) -> np.ndarray:
    """Return log posteriors (N, C) of squared distances (N, C), all classes being equally frequent."""
    return log_softmax(-0.5 * squared_distances / temperature, axis=1)


def class_means(regions: Sequence[Moments], classes: np.ndarray) -> np.ndarray:
    """Return the mean (C, F) of the means of each class's regions; `classes` as in `fit_discriminant`."""
    trust = np.array([region.trust for region in regions]) * (
        classes == np.arange(classes.max() + 1)[:, None]
    )
    return trust @ np.stack([region.mean for region in regions]) / trust.sum(1, keepdims=True)


def fit_discriminant(regions: Sequence[Moments], classes: np.ndarray) -> Discriminant:
    """Fit a discriminant to drawn regions.

    Parameters
    ----------
    regions : what each region tells.
    classes : (regions,) index of each region's class, 0..C-1, every class at least once.
    """
    means = np.stack([region.mean for region in regions])
    trust = np.array([region.trust for region in regions])
    totals = np.bincount(classes, trust)
    weights = trust / totals[classes] / len(totals)
    means_of_classes = class_means(regions, classes)

    covariance = sum(w * region.covariance for w, region in zip(weights, regions, strict=True))
    centre = weights @ means
    scale = np.sqrt(np.diag(covariance) + weights @ (means - centre) ** 2) + 1e-6
    repeats = (totals**2 / np.bincount(classes, trust**2)).sum()  # as many regions of full trust
    if len(regions) > len(totals):
        offsets = means - means_of_classes[classes]
        between = (offsets.T * weights) @ offsets * repeats / (repeats - len(totals))
        covariance = covariance + BETWEEN_REGIONS * between

    standard = covariance / np.outer(scale, scale)
    # Regions of a single pixel show no scatter: then all features count alike.
    sphere = (np.trace(standard) / len(scale) or 1.0) * np.eye(len(scale))
    precision = np.linalg.inv((1 - SHRINKAGE) * standard + SHRINKAGE * sphere)
    whitening = np.linalg.cholesky(precision) / scale[:, None]
    return Discriminant(
        *(part.astype(np.float32) for part in (centre, whitening, (means_of_classes - centre) @ whitening))
    )
