"""Sparse matrices as bags: every row of the result is a weighted sum of some rows of the values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

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
        self._taps = len(nodes)
        self._nodes = torch.stack(nodes, dim=1).view(-1)
        self._weights = torch.stack(weights, dim=1).view(-1)
        self._size = table_size

    @cached_property
    def gather(self) -> Bags:
        """Bags of nodes, one per voxel."""
        starts = torch.arange(0, len(self._nodes), self._taps, dtype=torch.int32, device=self._nodes.device)
        return Bags(self._nodes, starts, self._weights)

    @cached_property
    def scatter(self) -> Bags:
        """Bags of voxels, one per node: the transpose."""
        nodes = self._nodes
        if nodes.device.type == "cpu":  # scipy's counting sort takes an eighth of the time of torch.sort
            starts = torch.arange(0, len(nodes) + 1, self._taps, dtype=torch.int32)
            rows = (self._weights.numpy(), nodes.numpy(), starts.numpy())
            columns = scipy.sparse.csr_matrix(rows, shape=(len(starts) - 1, self._size)).tocsc()
            return Bags(*map(torch.from_numpy, (columns.indices, columns.indptr[:-1], columns.data)))
        ordered, order = torch.sort(nodes, stable=True)
        starts = torch.searchsorted(ordered, torch.arange(self._size, dtype=torch.int32, device=nodes.device))
        return Bags((order // self._taps).int(), starts.int(), self._weights[order])

    def scale(self, factor: Tensor) -> None:
        """Multiply all weights of each voxel by its factor (n,), both ways."""
        self._weights.view(-1, self._taps).mul_(factor[:, None])
        self.__dict__.pop("scatter", None)  # sorting again costs no more than gathering the factors
