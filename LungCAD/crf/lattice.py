"""A Gaussian kernel between the voxels of a field, applied in linear time on a grid of nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from LungCAD.crf.axes import Axis
from LungCAD.crf.bags import Interpolation
from LungCAD.crf.band import NodeKernel
from LungCAD.crf.fields import Field

COLUMNS = 4096
"""Nodes and classes that are blurred along z at a time."""
KEPT_VOXELS = 4_000_000
"""Up to this size a field keeps its bags (about 250 bytes per voxel); beyond, they are made at every use."""

Plane = tuple[int, slice, Interpolation]
"""A slice of the image: its z, its voxels, and their interpolation between the nodes."""


class Lattice:
    """Splats values on the nodes, blurs them there, slices them back; one image slice after the other.

    Parameters
    ----------
    field : the voxels.
    axes : the nodes along z, y, x and along every feature.
    features : (F, N) float32, places of the voxels on the axes after x.

    The nodes that one image slice touches form a table, (P, C); a grid is the tables of all z, (Z, P, C).
    """

    def __init__(self, field: Field, axes: Sequence[Axis], features: Tensor) -> None:
        self._field, self._features = field, features
        self.device = features.device
        across, *self._inside = axes
        self._along_z, *self._in_plane = (
            NodeKernel(torch.from_numpy(axis.kernel).to(self.device)) for axis in axes
        )
        self._nodes = int(np.prod([len(kernel) for kernel in self._in_plane]))
        self._levels = _levels(across, field.extent[0])
        self._factor: Tensor | None = None
        self._kept = list(self._build()) if field.size <= KEPT_VOXELS else None

    def scale(self, factor: Tensor) -> None:
        """Multiply the kernel's columns and rows by `factor` (N,)."""
        for _, voxels, interpolation in self._kept or ():
            interpolation.scale(factor[voxels])
        self._factor = factor

    def filter(self, values: Tensor, onto: Tensor | None = None, weight: float = 1.0) -> Tensor:
        """Return `weight` times the kernel times values (N, C); added in place to `onto` where given."""
        grid = self._blur(self._splat(values))
        result = torch.zeros_like(values) if onto is None else onto
        for z, voxels, interpolation in self._planes():
            (first, part), *others = self._levels[z]
            table = grid[first] * part if others else grid[first]
            for node, share in others:
                table.add_(grid[node], alpha=share)
            result[voxels].add_(interpolation.gather.sum(table), alpha=weight)
        return result

    def _splat(self, values: Tensor) -> Tensor:
        grid = values.new_zeros(len(self._along_z), self._nodes, values.shape[1])
        for z, voxels, interpolation in self._planes():
            table = interpolation.scatter.sum(values[voxels])
            for node, share in self._levels[z]:
                grid[node].add_(table, alpha=share)
        return grid

    def _blur(self, grid: Tensor) -> Tensor:
        """Multiply the grid (Z, P, C) by the kernels of all axes, in place and in parts for the cache."""
        for table in grid:
            part = table
            for kernel in self._in_plane:  # each puts its axis behind the others: in the end, all as before
                part = kernel @ part.reshape(len(kernel), -1)
                part = part.view(len(kernel), -1, grid.shape[2]).transpose(0, 1)
            table.view(part.shape).copy_(part)
        if len(grid) > 1:
            for columns in grid.view(len(grid), -1).split(COLUMNS, dim=1):
                columns.copy_(self._along_z @ columns)
        return grid

    def _planes(self) -> Iterator[Plane]:
        return iter(self._kept) if self._kept is not None else self._build()

    def _build(self) -> Iterator[Plane]:
        for z, voxels in self._field.planes():
            place = torch.from_numpy(self._field.position(voxels)[1:]).to(self.device)
            nodes, weights = self._touched([*place, *self._features[:, voxels]])
            interpolation = Interpolation(nodes, weights, self._nodes)
            if self._factor is not None:
                interpolation.scale(self._factor[voxels])
            yield z, voxels, interpolation

    def _touched(self, places: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Return the nodes of the table that voxels touch, (n,) per corner around them, and their weights."""
        corners = [(torch.zeros((), dtype=torch.int32), torch.ones(()))]
        for axis, place in zip(self._inside, places, strict=True):
            size = len(axis.kernel)
            taps = axis.taps(place)
            corners = [(n * size + node, w * weight) for n, w in corners for node, weight in taps]
        return [node for node, _ in corners], [weight for _, weight in corners]


def _levels(axis: Axis, extent: int) -> list[list[tuple[int, float]]]:
    """Return for each of `extent` slices the nodes along z that it touches, and their weights."""
    taps = [(node.tolist(), weight.tolist()) for node, weight in axis.taps(torch.arange(extent))]
    return [[(node[z], weight[z]) for node, weight in taps if weight[z]] for z in range(extent)]
