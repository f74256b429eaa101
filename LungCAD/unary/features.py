"""Texture of lung tissue around every pixel of an axial slice, undisturbed by what lies outside the lung.

All filters are normalised convolutions (Knutsson & Westin, CVPR 1993): pixels outside the lung have weight
zero, so neither the chest wall nor the mediastinum leaks into the pixels beside them. All features are
invariant to rotation. Scales are in pixels: a lung fills the field of view, so that its width in pixels
varies less between patients than in millimetres, and the finest texture is bound by the pixel.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.ndimage import gaussian_filter

HU_RANGE = (-1100.0, 300.0)
DENSITY_EDGES_HU = (-970, -940, -910, -880, -850, -810, -750, -650, -500, -300)
"""Finest where parenchyma and emphysema lie."""

SPREAD_RANGES_HU = ((-1100, -700), (-1100, -850), (-1000, -500))
LINES_PX = (1.0, 1.4, 2.0, 2.8)
HOLES_PX = (0.7, 1.4, 2.8)
DIRECTIONS_PX = 0.7
COHERENCE_PX = (1.4, 2.8)

NARROW_PX, WIDE_PX = 4.5, 9.0
"""Standard deviations of the windows in which responses are averaged: density and lines are plentiful and
shall keep the borders of lesions; holes and directions are sparse."""

LEAST_PX = 2
"""Slices at the ends of a lung may show a single row of it."""

_TRUNCATE = 3.0
_NOISE_HU = 5.0
_LINE_HU = 30.0  # a line so high counts half: one large vessel is no reticulation


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
    rows, columns = hu.shape
    room = [(0, max(0, LEAST_PX - size)) for size in hu.shape]  # a slope needs a neighbour
    wide = _features(np.pad(hu, room, mode="edge"), np.pad(lung, room))
    return np.stack([feature[:rows, :columns] for _, feature in wide])


def feature_names() -> list[str]:
    """Return what `texture_features` measures, in order."""
    return [name for name, _ in _features(np.zeros((3, 3), np.float32), np.ones((3, 3), bool))]


def _features(hu: np.ndarray, lung: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    smooth = _NormalisedSmoothing(lung)
    image = np.clip(hu, *HU_RANGE).astype(np.float32)
    yield from _density(image, smooth)
    yield from _lines_and_holes(image, smooth)
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


def _density(image: np.ndarray, smooth: _NormalisedSmoothing) -> Iterator[tuple[str, np.ndarray]]:
    for edge in DENSITY_EDGES_HU:
        yield f"part below {edge} HU", smooth(_part_below(image, edge), NARROW_PX)
    for low, high in SPREAD_RANGES_HU:
        clipped = np.clip(image, low, high)
        variance = smooth(clipped**2, NARROW_PX) - smooth(clipped, NARROW_PX) ** 2
        yield f"spread from {low} to {high} HU", np.sqrt(np.maximum(variance, 0) + _NOISE_HU**2)


def _lines_and_holes(image: np.ndarray, smooth: _NormalisedSmoothing) -> Iterator[tuple[str, np.ndarray]]:
    """Bright ridges (walls, vessels, reticulation) and dark pits (cysts, centrilobular emphysema)."""
    for sigma in LINES_PX:
        large, small = _hessian_eigenvalues(smooth(image, sigma))
        height = sigma**2 * (np.maximum(-small, 0) - np.maximum(-large, 0))
        yield f"bright lines of {sigma:g} px", smooth(height / (height + _LINE_HU), NARROW_PX)
    for sigma in HOLES_PX:
        _, small = _hessian_eigenvalues(smooth(image, sigma))
        depth = sigma**2 * np.maximum(small, 0)
        yield f"dark holes of {sigma:g} px", np.log(smooth(depth, WIDE_PX) + 2)


def _directions(image: np.ndarray, smooth: _NormalisedSmoothing) -> Iterator[tuple[str, np.ndarray]]:
    """Coherence of the structure tensor: 0 without direction, 1 where everything runs the same way."""
    gy, gx = np.gradient(smooth(image, DIRECTIONS_PX))
    for sigma in COHERENCE_PX:
        yy, xx, yx = smooth(gy * gy, sigma), smooth(gx * gx, sigma), smooth(gy * gx, sigma)
        coherence = np.sqrt((xx - yy) ** 2 + 4 * yx**2) / (xx + yy + _NOISE_HU**2)
        yield f"coherence over {sigma:g} px", smooth(coherence, WIDE_PX)


def _part_below(image: np.ndarray, edge: float) -> np.ndarray:
    """Part of each pixel below `edge`: soft steps, wider in dense tissue, so that noise does not jump."""
    width = 12.0 if edge < -800 else 30.0
    return 0.5 - 0.5 * np.tanh((image - edge) / (2 * width))


def _hessian_eigenvalues(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    gy, gx = np.gradient(image)
    yy, yx = np.gradient(gy)
    xx = np.gradient(gx, axis=1)
    mean, difference = (yy + xx) / 2, np.hypot((yy - xx) / 2, yx)
    return mean + difference, mean - difference
