"""Splat and slice between the voxels of one image slice and the nodes they touch."""

from __future__ import annotations

from dataclasses import dataclass

import scipy.sparse
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag


@dataclass(frozen=True)
class Bags:
    """A sparse matrix (R, S) as bags: row r is the weighted sum of the rows of values in its bag."""

    indices: Tensor
    starts: Tensor
    weights: Tensor

    def sum(self, values: Tensor) -> Tensor:
        """Return the matrix times `values` (S, C), (R, C)."""
        return embedding_bag(self.indices, values, self.starts, mode="sum", per_sample_weights=self.weights)


@dataclass(frozen=True)
class Plane:
    """The interpolation of the n voxels of one slice between the nodes of a table, and its transpose."""

    slice: Bags
    splat: Bags

    @classmethod
    def build(cls, nodes: Tensor, splat_weights: Tensor, slice_weights: Tensor, table_size: int) -> Plane:
        """Build from the nodes (n, T) int32 that each voxel touches and the weights (n, T) either way."""
        voxels, taps = nodes.shape
        starts = torch.arange(0, voxels * taps, taps, dtype=torch.int32, device=nodes.device)
        gather = Bags(nodes.reshape(-1), starts, slice_weights.reshape(-1))
        return cls(gather, _transpose(nodes, splat_weights, table_size))


def _transpose(nodes: Tensor, weights: Tensor, table_size: int) -> Bags:
    voxels, taps = nodes.shape
    if nodes.device.type == "cpu":  # scipy's counting sort takes an eighth of the time of torch.sort
        starts = torch.arange(0, voxels * taps + 1, taps, dtype=torch.int32)
        parts = (weights.reshape(-1).numpy(), nodes.reshape(-1).numpy(), starts.numpy())
        columns = scipy.sparse.csr_matrix(parts, shape=(voxels, table_size)).tocsc()
        return Bags(*map(torch.from_numpy, (columns.indices, columns.indptr[:-1], columns.data)))
    ordered, order = torch.sort(nodes.reshape(-1), stable=True)
    starts = torch.searchsorted(ordered, torch.arange(table_size, dtype=torch.int32, device=nodes.device))
    return Bags((order // taps).int(), starts.int(), weights.reshape(-1)[order])
