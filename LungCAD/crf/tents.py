"""Tent interpolation on one axis, with a kernel between the tents fitted by least squares."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from LungCAD.crf.windows import Windows, arc_length, grey_levels, hu_at

SAMPLES_PER_TENT = 8


@dataclass(frozen=True)
class Axis:
    """One axis of a grid of nodes: where the voxels lie between the nodes, and the kernel of the nodes.

    lower : (N,) int32, the node below each voxel; the next node is `lower + 1`.
    fraction : (N,) float32 in 0..1, how far towards the next node.
    kernel : (M, M) float32, symmetric: value between voxels p, q is ``tent(p) @ kernel @ tent(q)``.
    """

    lower: np.ndarray
    fraction: np.ndarray
    kernel: np.ndarray


def spatial_axis(position: np.ndarray, extent: int, step: float, theta: float, spacing: float) -> Axis:
    """Tents along an image axis for the kernel exp(-d^2 / 2 theta^2).

    Parameters
    ----------
    position : (N,) int, 0 .. extent - 1.
    step : distance of neighbouring voxels, in the unit of `theta`.
    spacing : wanted distance of nodes in thetas; where voxels are further apart, every voxel is a node.
    """
    stride = max(1.0, spacing * theta / step)
    intervals = max(1, int(np.ceil((extent - 1) / stride)))
    stride = max(1.0, (extent - 1) / intervals)
    kernel = _spatial_kernel(extent, intervals + 1, stride, step / theta)
    return _axis(position / stride, kernel)


def curve_axis(hu: np.ndarray, windows: Windows, theta: float, spacing: float) -> Axis:
    """Tents along the curve HU -> grey levels for the kernel exp(-|I - I'|^2 / 2 theta^2); hu (N,)."""
    length = arc_length(hu, windows)
    total = float(arc_length(np.asarray(np.inf), windows))
    intervals = max(1, int(np.ceil(total / (spacing * theta))))
    return _axis(length / (total / intervals), _curve_kernel(windows, theta, intervals + 1))


def grey_axis(grey: np.ndarray, theta: float, spacing: float) -> Axis:
    """Tents along one channel of grey levels for the kernel exp(-(I - I')^2 / 2 theta^2); grey (N,)."""
    low, high = float(grey.min()), float(grey.max())
    stride = max(spacing * theta, 1e-6)
    intervals = max(1, int(np.ceil((high - low) / stride)))
    kernel = _line_kernel(intervals + 1, SAMPLES_PER_TENT, stride / theta)
    return _axis((grey - low) / stride, kernel)


def _axis(place: np.ndarray, kernel: np.ndarray) -> Axis:
    lower = np.clip(np.floor(place), 0, max(len(kernel) - 2, 0)).astype(np.int32)
    return Axis(lower, (place - lower).astype(np.float32), kernel)


def _tents(place: np.ndarray, nodes: int) -> np.ndarray:
    return np.maximum(0, 1 - np.abs(place[:, None] - np.arange(nodes)))


def _fit(tents: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Kernel of the nodes whose interpolation comes closest to the Gaussian kernel of the features."""
    distance = ((features[:, None, :] - features[None, :, :]) ** 2).sum(-1)
    inverse = np.linalg.pinv(tents)
    return (inverse @ np.exp(-distance / 2) @ inverse.T).astype(np.float32)


@lru_cache(maxsize=256)
def _spatial_kernel(extent: int, nodes: int, stride: float, step: float) -> np.ndarray:
    voxels = np.arange(extent, dtype=np.float64)
    return _fit(_tents(voxels / stride, nodes), step * voxels[:, None])


@lru_cache(maxsize=64)
def _line_kernel(nodes: int, samples: int, stride: float) -> np.ndarray:
    place = np.linspace(0, nodes - 1, samples * (nodes - 1) + 1)
    return _fit(_tents(place, nodes), stride * place[:, None])


@lru_cache(maxsize=64)
def _curve_kernel(windows: Windows, theta: float, nodes: int) -> np.ndarray:
    place = np.linspace(0, nodes - 1, SAMPLES_PER_TENT * (nodes - 1) + 1)
    total = float(arc_length(np.asarray(np.inf), windows))
    return _fit(
        _tents(place, nodes), grey_levels(hu_at(place * total / (nodes - 1), windows), windows) / theta
    )
