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
POOLING_PX = (3.0, 6.0)
"""Standard deviations of the Gaussian windows in which responses are averaged."""

HISTOGRAM_EDGES_HU = (-970, -940, -910, -880, -850, -810, -750, -650, -500, -300)
BAND_EDGES_PX = (0.0, 0.7, 1.4, 2.8, 5.6)
HESSIAN_PX = (0.7, 1.4, 2.8)
COHERENCE_PX = (1.4, 2.8)

_NOISE_HU = 5.0  # responses below this are noise whatever their logarithm
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
    for response_name, response, compress in _responses(image, smooth):
        for sigma in POOLING_PX:
            yield f"{response_name} in {sigma:g} px", compress(smooth(response, sigma))


class _NormalisedSmoothing:
    """Gaussian smoothing within a mask; the weights of each scale are computed once."""

    def __init__(self, mask: np.ndarray) -> None:
        self._mask = mask.astype(np.float32)
        self._weights: dict[float, np.ndarray] = {}

    def __call__(self, image: np.ndarray, sigma: float) -> np.ndarray:
        if sigma == 0:
            return image
        if sigma not in self._weights:
            self._weights[sigma] = np.maximum(gaussian_filter(self._mask, sigma, truncate=_TRUNCATE), 1e-6)
        return gaussian_filter(image * self._mask, sigma, truncate=_TRUNCATE) / self._weights[sigma]


def _responses(image: np.ndarray, smooth: _NormalisedSmoothing) -> Iterator[tuple]:
    """Yield (name, response per pixel, compression of its local mean)."""
    yield "mean", image, _identity
    for edge in HISTOGRAM_EDGES_HU:
        yield f"part below {edge} HU", _soft_step(image, edge), _identity

    scale_space = {sigma: smooth(image, sigma) for sigma in BAND_EDGES_PX}
    for fine, coarse in pairwise(BAND_EDGES_PX):
        band = scale_space[fine] - scale_space[coarse]
        yield f"energy {fine:g}-{coarse:g} px", band**2, _log_amplitude
        yield f"bright energy {fine:g}-{coarse:g} px", np.maximum(band, 0) ** 2, _log_amplitude
        yield f"dark energy {fine:g}-{coarse:g} px", np.minimum(band, 0) ** 2, _log_amplitude
        yield f"third moment {fine:g}-{coarse:g} px", band**3, np.cbrt

    for sigma in HESSIAN_PX:
        large, small = _hessian_eigenvalues(scale_space[sigma])
        bright_blob, dark_blob = np.maximum(-large, 0), np.maximum(small, 0)
        yield f"bright blobs {sigma:g} px", sigma**2 * bright_blob, _log
        yield f"dark blobs {sigma:g} px", sigma**2 * dark_blob, _log
        yield f"bright lines {sigma:g} px", sigma**2 * (np.maximum(-small, 0) - bright_blob), _log
        yield f"dark lines {sigma:g} px", sigma**2 * (np.maximum(large, 0) - dark_blob), _log
        yield f"edges {sigma:g} px", sigma * np.hypot(*np.gradient(scale_space[sigma])), _log

    gy, gx = np.gradient(scale_space[BAND_EDGES_PX[1]])
    for sigma in COHERENCE_PX:
        yy, xx, yx = smooth(gy * gy, sigma), smooth(gx * gx, sigma), smooth(gy * gx, sigma)
        coherence = np.sqrt((xx - yy) ** 2 + 4 * yx**2) / (xx + yy + _NOISE_HU**2)
        yield f"coherence {sigma:g} px", coherence, _identity


def _soft_step(image: np.ndarray, edge: float) -> np.ndarray:
    """Part of a pixel that is below `edge`: 1 to 0 over the width of the noise, wider in dense tissue."""
    width = 12.0 if edge < -800 else 30.0
    return 0.5 - 0.5 * np.tanh((image - edge) / (2 * width))


def _hessian_eigenvalues(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    gy, gx = np.gradient(image)
    yy, yx = np.gradient(gy)
    xx = np.gradient(gx, axis=1)
    mean, difference = (yy + xx) / 2, np.hypot((yy - xx) / 2, yx)
    return mean + difference, mean - difference


def _identity(mean: np.ndarray) -> np.ndarray:
    return mean


def _log(mean: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(mean, 0) + 2.0)


def _log_amplitude(mean_square: np.ndarray) -> np.ndarray:
    return 0.5 * np.log(np.maximum(mean_square, 0) + _NOISE_HU**2)
