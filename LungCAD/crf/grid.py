"""Gaussian filtering on a grid of tents: splat the voxels on the nodes, blur there, slice back."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import scipy.sparse
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from LungCAD.crf.tents import Axis


class GridFilter:
    """Product of one kernel per axis, applied to values at N voxels in O(N).

    Every voxel touches the 2^D nodes around it. `filter` maps (N, C) float32 to (N, C) float32.
    """

    def __init__(self, axes: Sequence[Axis], device: torch.device) -> None:
        self._shape = [len(axis.kernel) for axis in axes]
        self._kernels = [torch.from_numpy(axis.kernel).to(device) for axis in axes]
        taps, weights = _taps(axes, self._shape)
        voxels, corners = taps.shape
        starts = np.arange(0, voxels * corners + 1, corners, dtype=np.int32)
        rows = scipy.sparse.csr_matrix(
            (weights.ravel(), taps.ravel(), starts), shape=(voxels, int(np.prod(self._shape)))
        )
        columns = rows.tocsc()
        self._slice = _bags(rows, device)
        self._splat = _bags(columns, device)

    def filter(self, values: Tensor) -> Tensor:
        """Return the kernel times `values` (N, C)."""
        nodes = _sum(self._splat, values)
        grid = nodes.view(*self._shape, values.shape[1])
        for axis, kernel in enumerate(self._kernels):
            grid = torch.tensordot(kernel, grid, dims=([1], [axis])).movedim(0, axis)
        return _sum(self._slice, grid.reshape(nodes.shape))


def _taps(axes: Sequence[Axis], shape: list[int]) -> tuple[np.ndarray, np.ndarray]:
    strides = np.cumprod([1, *shape[:0:-1]])[::-1].astype(np.int32)
    corners = [[up for up in (0, 1) if up < len(axis.kernel)] for axis in axes]
    base = sum(axis.lower * stride for axis, stride in zip(axes, strides, strict=True))
    taps, weights = [], []
    for corner in product(*corners):
        taps.append(base + sum(int(up * stride) for up, stride in zip(corner, strides, strict=True)))
        sides = [axis.fraction if up else 1 - axis.fraction for axis, up in zip(axes, corner, strict=True)]
        weights.append(np.prod(sides, axis=0))
    return np.stack(taps, 1), np.stack(weights, 1)


def _bags(
    matrix: scipy.sparse.csr_matrix | scipy.sparse.csc_matrix, device: torch.device
) -> tuple[Tensor, ...]:
    arrays = (
        matrix.indices.astype(np.int32),
        matrix.indptr[:-1].astype(np.int32),
        matrix.data.astype(np.float32),
    )
    return tuple(torch.from_numpy(array).to(device) for array in arrays)


def _sum(bags: tuple[Tensor, ...], values: Tensor) -> Tensor:
    indices, starts, weights = bags
    return embedding_bag(indices, values, starts, mode="sum", per_sample_weights=weights)
