"""Sparse matrices as bags: every row of the result is a weighted sum of some rows of the values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag


@dataclass(frozen=True)
class Bags:
    """A sparse matrix (R, S): row r adds up the rows of values in its bag.

    indices, weights : (entries,) int32 rows of the values, and their float32 weights, bag after bag.
    starts : (R,) int32 first entry of every bag.
    """

    indices: Tensor
    starts: Tensor
    weights: Tensor

    def sum(self, values: Tensor) -> Tensor:
        """Return the matrix times `values` (S, C), (R, C)."""
        return embedding_bag(self.indices, values, self.starts, mode="sum", per_sample_weights=self.weights)


class Interpolation:
    """Interpolation between the S nodes of a table for n voxels, and its transpose; bags are made on demand.

    Parameters
    ----------
    nodes, weights : T tensors (n,), int32 and float32: the t-th node of each voxel, and its weight.
    """

    def __init__(self, nodes: list[Tensor], weights: list[Tensor], table_size: int) -> None:
        taps, device = len(nodes), nodes[0].device
        self._size = table_size
        self._nodes, self._weights = _interleaved(nodes), _interleaved(weights)
        self._ends = torch.arange(0, len(self._nodes) + 1, taps, dtype=torch.int32, device=device)
        if _on_cpu(self._nodes):
            rows = self._matrix()
            rows.eliminate_zeros()
            parts = (np.array(part) for part in (rows.indices, rows.data, rows.indptr))
            self._nodes, self._weights, self._ends = map(torch.from_numpy, parts)

    @cached_property
    def gather(self) -> Bags:
        """Bags of nodes, one per voxel."""
        return Bags(self._nodes, self._ends[:-1], self._weights)

    @cached_property
    def scatter(self) -> Bags:
        """Bags of voxels, one per node: the transpose."""
        if _on_cpu(self._nodes):  # scipy's counting sort is several times faster than torch.sort
            columns = self._matrix().tocsc()
            return Bags(*map(torch.from_numpy, (columns.indices, columns.indptr[:-1], columns.data)))
        ordered, order = torch.sort(self._nodes, stable=True)
        table = torch.arange(self._size, dtype=torch.int32, device=ordered.device)
        voxels = torch.searchsorted(self._ends, order, right=True) - 1
        return Bags(voxels.int(), torch.searchsorted(ordered, table).int(), self._weights[order])

    def scale(self, factor: Tensor) -> None:
        """Multiply all weights of each voxel by its factor (n,), both ways."""
        self._weights.mul_(_repeated(factor, self._ends.diff()))
        if "scatter" in self.__dict__:
            self.scatter.weights.mul_(factor.index_select(0, self.scatter.indices))

    def _matrix(self) -> scipy.sparse.csr_matrix:
        """Return the interpolation as a matrix (n, S) that shares its memory."""
        parts = (self._weights.numpy(), self._nodes.numpy(), self._ends.numpy())
        return scipy.sparse.csr_matrix(parts, shape=(len(self._ends) - 1, self._size))


def _on_cpu(tensor: Tensor) -> bool:
    """Tell whether numpy and scipy may work on a tensor's memory."""
    return tensor.device.type == "cpu"


# numpy's versions of these two take a quarter of the time of torch's on the CPU.


def _interleaved(taps: list[Tensor]) -> Tensor:
    """Return T tensors (n,) as one of (n T,), voxel after voxel."""
    if _on_cpu(taps[0]):
        return torch.from_numpy(np.stack([tap.numpy() for tap in taps], axis=1).reshape(-1))
    return torch.stack(taps, dim=1).view(-1)


def _repeated(values: Tensor, counts: Tensor) -> Tensor:
    """Return every one of the values (n,) so many times."""
    if _on_cpu(values):
        return torch.from_numpy(np.repeat(values.numpy(), counts.numpy()))
    return torch.repeat_interleave(values, counts)
