"""What simple methods know of patches: histograms of HU and of local binary patterns."""

from __future__ import annotations

import numpy as np
from skimage.feature import local_binary_pattern

HISTOGRAM_HU = np.linspace(-1050, -400, 17)
RADII_PX = (1, 2)


def patch_histograms(hu: np.ndarray) -> np.ndarray:
    """Return the histograms (N, F) of patches (N, P, P) in HU, each of the three in parts of the patch."""
    described = []
    for patch in hu:
        density, _ = np.histogram(np.clip(patch, HISTOGRAM_HU[0], HISTOGRAM_HU[-1]), HISTOGRAM_HU)
        patterns = [
            np.bincount(
                local_binary_pattern(patch.astype(np.int16), 8, radius, "uniform").astype(int).ravel(),
                minlength=10,
            )
            for radius in RADII_PX
        ]
        described.append(np.concatenate([density, *patterns]) / patch.size)
    return np.stack(described)


def nearest(
    histograms: np.ndarray, labels: np.ndarray, train: np.ndarray, test: np.ndarray, count: int = 1
) -> np.ndarray:
    """Return the label of most of the `count` nearest in chi-square distance; the lowest where they draw.

    train, test : indices into histograms (N, F) and labels (N,).
    """
    a, b = histograms[test][:, None], histograms[train][None]
    chi_square = ((a - b) ** 2 / np.maximum(a + b, 1e-9)).sum(-1)
    closest = labels[train][np.argsort(chi_square, axis=1, kind="stable")[:, :count]]
    return np.array([np.bincount(row).argmax() for row in closest])
