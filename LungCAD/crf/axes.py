"""Axes of the node grids: which nodes a voxel touches, and the kernel between the nodes.

A Gaussian kernel G between voxels is replaced by ``B K B^T``: B interpolates between few nodes, and K is the
kernel of the nodes that brings the product closest to G (least squares). K depends on no image and is cached.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from scipy.linalg import toeplitz
from torch import Tensor

from LungCAD.crf.grey_curve import arc_length, grey_levels, hu_at
from LungCAD.crf.parameters import Windows

GREY_SPACING = 0.5
"""Distance of the tents in grey levels, in thetas."""
SHORT = 16
"""Axes of at most so many voxels have a node for each of them."""
FEWEST_INTERVALS = 6
"""Axes shorter than this many tents get closer ones: the errors of a few tents do not average out."""
HALF_RESOLUTION_FROM = 2.25
"""Least theta, in voxels, for which every second voxel suffices as a node."""
REACH = 7.0
"""A Gaussian is 0 in float32 beyond this many thetas."""
FARTHEST_NODE = 60
"""Kernels of tents are fitted up to this distance; only short axes have tents so close that it matters."""
SAMPLES = 5
"""Places between two tents at which their kernel is fitted."""

Taps = list[tuple[Tensor, Tensor]]
"""The nodes (N,) int32 that each of N voxels touches and their weights (N,) float32, one pair per tap."""


@dataclass(frozen=True)
class Axis:
    """One axis of a grid of nodes.

    kernel : (M, M) float32 between the nodes.
    taps : maps the coordinates (N,) of voxels to the nodes that they touch.
    """

    kernel: np.ndarray
    taps: Callable[[Tensor], Taps]


def spatial_axis(extent: int, theta: float, tent_spacing: float) -> Axis:
    """Nodes along an image axis of `extent` voxels for exp(-d^2 / 2 theta^2); theta in voxels.

    Wide kernels get tents, `tent_spacing` thetas apart; narrow ones every second voxel; very narrow ones and
    short axes every voxel (exact). The coordinates are voxel numbers from 0 on.
    """
    if extent <= SHORT or theta < HALF_RESOLUTION_FROM:
        distance = np.arange(extent) / theta
        return Axis(toeplitz(np.exp(-(distance**2) / 2)).astype(np.float32), every_voxel)
    while extent < FEWEST_INTERVALS * tent_spacing * theta and tent_spacing * theta > 4:
        tent_spacing /= 2
    spacing = tent_spacing * theta
    if spacing > 2:
        nodes = int(np.ceil((extent - 1) / spacing)) + 1
        return Axis(_toeplitz(_tent_kernel(tent_spacing), nodes), lambda place: tents(place / spacing, nodes))
    side = _side_weight(theta)
    nodes = (extent - 1) // 2 + 3
    return Axis(_toeplitz(_half_kernel(theta), nodes), lambda place: every_second(place, side))


def curve_axis(windows: Windows, theta: float, lowest: float, highest: float) -> Axis:
    """Nodes along the curve HU -> grey levels for exp(-|I - I'|^2 / 2 theta^2).

    The coordinates are arc lengths along the curve; only the stretch from `lowest` to `highest` is covered.
    """
    total = float(arc_length(np.asarray(np.inf), windows))
    intervals = max(1, int(np.ceil(total / (GREY_SPACING * theta))))
    spacing = total / intervals
    first = min(int(lowest / spacing), intervals - 1)
    last = min(int(highest / spacing) + 1, intervals)
    kernel = _curve_kernel(windows, theta, intervals + 1)[first : last + 1, first : last + 1]
    return Axis(np.ascontiguousarray(kernel), lambda place: tents(place / spacing - first, last - first + 1))


def grey_axis(theta: float, lowest: float, highest: float) -> Axis:
    """Nodes along one channel of grey levels for exp(-d^2 / 2 theta^2); the coordinates are grey levels."""
    spacing = GREY_SPACING * theta
    nodes = int(np.ceil((highest - lowest) / spacing)) + 1
    return Axis(
        _toeplitz(_tent_kernel(GREY_SPACING), nodes), lambda place: tents((place - lowest) / spacing, nodes)
    )


def tents(place: Tensor, nodes: int) -> Taps:
    """Linear interpolation at places (N,) in units of the node distance."""
    if nodes == 1:
        return [(torch.zeros_like(place, dtype=torch.int32), torch.ones_like(place, dtype=torch.float32))]
    lower = place.floor().clamp_(0, nodes - 2)
    upper = (place - lower).float()
    node = lower.int()
    return [(node, 1 - upper), (node + 1, upper)]


def every_second(place: Tensor, side: float) -> Taps:
    """Interpolation between nodes at every second voxel, for voxel numbers (N,).

    An even voxel takes 1 - 2 `side` from its own node and `side` from both next to it, an odd one half from
    either side. Node k lies at voxel 2 (k - 1).
    """
    place = place.int()
    node, odd = place >> 1, (place & 1).float()
    return [
        (node, side * (1 - odd)),
        (node + 1, 1 - 2 * side + (2 * side - 0.5) * odd),
        (node + 2, side + (0.5 - side) * odd),
    ]


def every_voxel(place: Tensor) -> Taps:
    """Every voxel is a node."""
    return [(place.int(), torch.ones_like(place, dtype=torch.float32))]


def _side_weight(theta: float) -> float:
    """Weight of the neighbouring nodes with the least residual, found numerically for theta = 2 .. 4 voxels.

    It tends to the quadratic B-spline's 1/8.
    """
    return 1 / 8 + 1 / (11 * theta**2)


def _toeplitz(row: np.ndarray, nodes: int) -> np.ndarray:
    padded = np.zeros(max(nodes, len(row)))
    padded[: len(row)] = row
    return toeplitz(padded[:nodes]).astype(np.float32)


def _fit(interpolation: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Kernel (M, M) whose interpolation (P, M) comes closest to the Gaussian kernel of features (P, K)."""
    half_square = (features**2).sum(1) / 2
    gaussian = np.exp(features @ features.T - half_square[:, None] - half_square)
    inverse = np.linalg.solve(interpolation.T @ interpolation, interpolation.T)
    return inverse @ gaussian @ inverse.T


def _central_row(kernel: np.ndarray) -> np.ndarray:
    middle = len(kernel) // 2
    return kernel[middle, middle:]


@lru_cache(maxsize=64)
def _tent_kernel(spacing: float) -> np.ndarray:
    nodes = 2 * min(int(np.ceil(1.5 * REACH / spacing)), FARTHEST_NODE) + 1
    place = np.linspace(0, nodes - 1, SAMPLES * (nodes - 1) + 1)
    interpolation = np.maximum(0, 1 - np.abs(place[:, None] - np.arange(nodes)))
    return _central_row(_fit(interpolation, spacing * place[:, None]))


@lru_cache(maxsize=64)
def _half_kernel(theta: float) -> np.ndarray:
    voxels = torch.arange(4 * int(np.ceil(0.75 * REACH * theta)) + 1)
    interpolation = np.zeros((len(voxels), len(voxels) // 2 + 3))
    for node, weight in every_second(voxels, _side_weight(theta)):
        interpolation[voxels, node] = weight
    return _central_row(_fit(interpolation, voxels.numpy()[:, None] / theta))


@lru_cache(maxsize=64)
def _curve_kernel(windows: Windows, theta: float, nodes: int) -> np.ndarray:
    place = np.linspace(0, nodes - 1, SAMPLES * (nodes - 1) + 1)
    interpolation = np.maximum(0, 1 - np.abs(place[:, None] - np.arange(nodes)))
    total = float(arc_length(np.asarray(np.inf), windows))
    levels = grey_levels(hu_at(place * total / (nodes - 1), windows), windows)
    return _fit(interpolation, levels / theta).astype(np.float32)
