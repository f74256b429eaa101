"""How well classes of a labelled scan are told apart by density alone, and by a simple texture classifier."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import balanced_accuracy_score

BIN_HU = 5
_PIXELS_PER_CLASS = 3000


def histogram_accuracy(values: NDArray, labels: NDArray) -> float:
    """Return the balanced accuracy (0..1) of the best classifier on one number, fitted to the full truth.

    values, labels : (N,). Each bin of 5 HU goes to the class most frequent in it, classes weighted equally.
    """
    bins = np.clip((values + 1100) // BIN_HU, 0, 400).astype(int)
    densities = [
        np.bincount(bins[labels == c], minlength=401) / np.sum(labels == c) for c in np.unique(labels)
    ]
    return float(np.max(densities, axis=0).sum() / len(densities))


def lda_accuracy(values: NDArray, labels: NDArray) -> float:
    """Return the balanced accuracy (0..1) of a linear discriminant on one number, fitted to the truth."""
    classes = np.unique(labels)
    model = LinearDiscriminantAnalysis(priors=np.full(len(classes), 1 / len(classes)))
    features = values.reshape(-1, 1)
    return float(balanced_accuracy_score(labels, model.fit(features, labels).predict(features)))


def lung_mean(hu: NDArray, lungs: NDArray, width: int) -> NDArray[np.float32]:
    """Return the mean HU over the lung pixels in a square of `width` pixels of each slice (z, y, x)."""
    inside = (lungs > 0).astype(np.float32)
    size = (1, width, width)
    weight = ndimage.uniform_filter(inside, size, mode="constant")
    return ndimage.uniform_filter(hu * inside, size, mode="constant") / np.maximum(weight, 1e-3)


def texture_accuracy(hu: NDArray, labels: NDArray, lungs: NDArray, rng: np.random.Generator) -> float:
    """Return the balanced accuracy (0..1) of trees on multi-scale features, trained on every other slice."""
    features = _features(hu, lungs)
    even = np.zeros(hu.shape, bool)
    even[::2] = True
    train, test = _pixels(labels, even, rng), _pixels(labels, ~even, rng)
    trees = ExtraTreesClassifier(100, min_samples_leaf=3, random_state=0, n_jobs=1)
    trees.fit(features[(slice(None), *train)].T, labels[train])
    return float(balanced_accuracy_score(labels[test], trees.predict(features[(slice(None), *test)].T)))


def _features(hu: NDArray, lungs: NDArray) -> NDArray[np.float32]:
    """Return the mean, the spread, blobs and edges at several scales in a slice: (features, z, y, x)."""
    inside = lungs > 0
    clipped = np.where(inside, np.clip(hu, -1024, 0), -850).astype(np.float32)
    features = []
    for sigma in (1.0, 2.0, 4.0):
        scale, pool = (0, sigma, sigma), (0, 5, 5)
        mean = ndimage.gaussian_filter(clipped, scale)
        blobs = mean - ndimage.gaussian_filter(clipped, (0, 1.6 * sigma, 1.6 * sigma))
        edges = np.hypot(*np.gradient(mean, axis=(1, 2)))
        bright, dark = np.clip(blobs, 0, None), np.clip(-blobs, 0, None)
        features += [
            mean,
            *(ndimage.gaussian_filter(response, pool) for response in (bright, dark, edges, blobs**2)),
        ]
    features.append(ndimage.gaussian_filter(clipped, (0, 8, 8)))
    return np.stack(features)


def _pixels(labels: NDArray, where: NDArray[np.bool_], rng: np.random.Generator) -> tuple[NDArray, ...]:
    chosen = []
    for label in np.unique(labels[labels > 0]):
        index = np.flatnonzero(where & (labels == label))
        chosen.append(rng.choice(index, min(_PIXELS_PER_CLASS, len(index)), replace=False))
    return np.unravel_index(np.concatenate(chosen), labels.shape)
