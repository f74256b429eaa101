"""A grid of nodes that carries one Gaussian kernel between the voxels of a field."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from LungCAD.crf.axes import Axis, Taps


class Lattice:
    """Product of one axis across the slices (z) and the axes inside a slice (y, x, grey levels ...).

    A table holds the values of the nodes of one z, (P, C); a grid those of all of them, (Z, P, C).
    """

    def __init__(self, across: Axis, inside: Sequence[Axis], device: torch.device) -> None:
        self._across, self._inside = across, inside
        self._kernels = [torch.from_numpy(axis.kernel).to(device) for axis in (across, *inside)]
        self.nodes = int(np.prod([len(axis.kernel) for axis in inside]))
        """Number of nodes P in a table."""

    def taps(self, coordinates: Sequence[Tensor]) -> Taps:
        """Return nodes (n, T) int32 of a table and their weights (n, T) for voxels of one slice.

        coordinates : (n,) per axis inside the slice.
        """
        nodes, weights = None, None
        for axis, place in zip(self._inside, coordinates, strict=True):
            first, weight = axis.taps(place)
            node = first[:, None] + torch.arange(weight.shape[1], dtype=torch.int32, device=place.device)
            if nodes is None:
                nodes, weights = node, weight
                continue
            nodes = (nodes[:, :, None] * len(axis.kernel) + node[:, None, :]).flatten(1)
            weights = (weights[:, :, None] * weight[:, None, :]).flatten(1)
        return nodes, weights

    def empty(self, channels: int) -> Tensor:
        """Return a grid of zeros for values of so many channels."""
        return self._kernels[0].new_zeros(len(self._kernels[0]), self.nodes, channels)

    def add(self, grid: Tensor, z: int, table: Tensor) -> None:
        """Add the table of slice z to the grid."""
        for node, weight in self._levels(z):
            grid[node].add_(table, alpha=weight)

    def at(self, grid: Tensor, z: int) -> Tensor:
        """Return the table of slice z, interpolated in the grid."""
        levels = list(self._levels(z))
        table = grid[levels[0][0]] * levels[0][1]
        for node, weight in levels[1:]:
            table.add_(grid[node], alpha=weight)
        return table

    def blur(self, grid: Tensor) -> Tensor:
        """Return the product of the kernels of all axes with the grid."""
        channels = grid.shape[2]
        blurred = grid
        # Each product takes the first axis and puts it behind the others: after all, the order is as before.
        for kernel in self._kernels:
            rows = kernel @ blurred.reshape(len(kernel), -1)
            blurred = rows.view(len(kernel), -1, channels).transpose(0, 1)
        return blurred.reshape(grid.shape)

    def _levels(self, z: int) -> list[tuple[int, float]]:
        first, weights = self._across.taps(torch.tensor([z]))
        return [(int(first) + up, float(weight)) for up, weight in enumerate(weights[0]) if weight]
