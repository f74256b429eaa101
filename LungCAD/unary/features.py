"""Texture of lung tissue around every pixel of an axial slice, undisturbed by what lies outside the lung.

All filters are normalised convolutions (Knutsson & Westin, CVPR 1993): pixels outside the lung have weight
zero, so neither the chest wall nor the mediastinum leaks into the pixels beside them. All features are
invariant to rotation. Scales are in pixels: a lung fills the field of view, so that its width in pixels
varies less between patients than in millimetres, and the finest texture is bound by the pixel.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from scipy.ndimage import gaussian_filter

HU_RANGE = (-1100.0, 300.0)
HISTOGRAM_EDGES_HU = (-1000, -970, -945, -920, -895, -870, -840, -800, -740, -650, -500, -250)
"""Finest where parenchyma and emphysema lie."""

HESSIAN_PX = (0.7, 1.4, 2.8)
COHERENCE_PX = (1.4, 2.8)

NARROW_PX, WIDE_PX = 4.5, 9.0
"""Standard deviations of the windows in which responses are averaged: density and lines are plentiful and
shall keep the borders of lesions; holes and directions are sparse."""

_TRUNCATE = 3.0


def texture_features(hu: np.ndarray, lung: np.ndarray) -> np.ndarray:
    """Describe the texture around every pixel of one slice.

    Parameters
    ----------
    hu : (y, x), Hounsfield units; values are clipped to `HU_RANGE`.
    lung : (y, x) bool, the pixels that count.

    Returns
    -------
    (F, y, x) float32, features in the order of `feature_names()`. Only values inside `lung` mean anything.

    Raises
    ------
    ValueError
        `hu` is not 2-D, `lung` has another shape.
    """
    if hu.ndim != 2 or lung.shape != hu.shape:
        raise ValueError(f"hu {hu.shape} and lung {lung.shape} are not one 2-D slice")
    return np.stack([feature for _, feature in _features(hu, lung)])


def feature_names() -> list[str]:
    """Return what `texture_features` measures, in order."""
    return [name for name, _ in _features(np.zeros((3, 3), np.float32), np.ones((3, 3), bool))]


def _features(hu: np.ndarray, lung: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    smooth = _NormalisedSmoothing(lung)
    image = np.clip(hu, *HU_RANGE).astype(np.float32)
    yield from _histogram(image, smooth)
    yield from _shapes(image, smooth)
    yield from _directions(image, smooth)


class _NormalisedSmoothing:
    """Gaussian smoothing within a mask; the weights of each scale are computed once."""

    def __init__(self, mask: np.ndarray) -> None:
        self._mask = mask.astype(np.float32)
        self._weights: dict[float, np.ndarray] = {}

    def __call__(self, image: np.ndarray, sigma: float) -> np.ndarray:
        if sigma not in self._weights:
            self._weights[sigma] = np.maximum(gaussian_filter(self._mask, sigma, truncate=_TRUNCATE), 1e-6)
        return gaussian_filter(image * self._mask, sigma, truncate=_TRUNCATE) / self._weights[sigma]


def _histogram(image: np.ndarray, smooth: _NormalisedSmoothing) -> Iterator[tuple[str, np.ndarray]]:
    """Square roots of the bins: their Euclidean distance is Hellinger's, which suits rare values."""
    below_last: np.ndarray | float = 0.0
    for edge, upper in pairwise((-np.inf, *HISTOGRAM_EDGES_HU, np.inf)):
        below = _part_below(image, upper)
        part = smooth(below - below_last, NARROW_PX)
        yield f"part of {edge:g} to {upper:g} HU", np.sqrt(np.maximum(part, 0) + 1e-3)
        below_last = below


def _shapes(image: np.ndarray, smooth: _NormalisedSmoothing) -> Iterator[tuple[str, np.ndarray]]:
    for sigma in HESSIAN_PX:
        large, small = _hessian_eigenvalues(smooth(image, sigma))
        lines = np.maximum(-small, 0) - np.maximum(-large, 0)
        holes = np.maximum(small, 0)
        yield f"bright lines of {sigma:g} px", np.log(sigma**2 * smooth(lines, NARROW_PX) + 2)
        yield f"dark holes of {sigma:g} px", np.log(sigma**2 * smooth(holes, WIDE_PX) + 2)


def _directions(image: np.ndarray, smooth: _NormalisedSmoothing) -> Iterator[tuple[str, np.ndarray]]:
    """Coherence of the structure tensor: 0 without direction, 1 where everything runs the same way."""
    gy, gx = np.gradient(smooth(image, HESSIAN_PX[0]))
    for sigma in COHERENCE_PX:
        yy, xx, yx = smooth(gy * gy, sigma), smooth(gx * gx, sigma), smooth(gy * gx, sigma)
        coherence = np.sqrt((xx - yy) ** 2 + 4 * yx**2) / (xx + yy + 25.0)  # (5 HU)^2: noise
        yield f"coherence over {sigma:g} px", smooth(coherence, WIDE_PX)


def _part_below(image: np.ndarray, edge: float) -> np.ndarray:
    """Part of each pixel below `edge`, with soft edges as wide as the bins allow."""
    if np.isinf(edge):
        return np.ones_like(image)
    width = 8.0 if edge < -800 else 25.0
    return 0.5 - 0.5 * np.tanh((image - edge) / (2 * width))


def _hessian_eigenvalues(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    gy, gx = np.gradient(image)
    yy, yx = np.gradient(gy)
    xx = np.gradient(gx, axis=1)
    mean, difference = (yy + xx) / 2, np.hypot((yy - xx) / 2, yx)
    return mean + difference, mean - difference
