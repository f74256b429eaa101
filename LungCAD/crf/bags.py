"""Sparse matrices as bags: every row of the result is a weighted sum of some rows of the values."""

from __future__ import annotations

from dataclasses import dataclass

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


def there_and_back(nodes: list[Tensor], weights: list[Tensor], table_size: int) -> tuple[Bags, Bags]:
    """Return the bags of the interpolation matrix (n, S) and those of its transpose (S, n).

    nodes, weights : T tensors (n,): the t-th node that each voxel touches, and its weight.
    """
    taps = len(nodes)
    nodes, weights = torch.stack(nodes, dim=1), torch.stack(weights, dim=1)
    starts = torch.arange(0, nodes.numel() + 1, taps, dtype=torch.int32, device=nodes.device)
    nodes, weights = nodes.view(-1), weights.view(-1)
    if nodes.device.type == "cpu":  # scipy's counting sort takes an eighth of the time of torch.sort
        rows = scipy.sparse.csr_matrix(
            (weights.numpy(), nodes.numpy(), starts.numpy()), shape=(len(starts) - 1, table_size)
        )
        rows.eliminate_zeros()
        return _bags(rows), _bags(rows.tocsc())
    ordered, order = torch.sort(nodes, stable=True)
    first = torch.searchsorted(ordered, torch.arange(table_size, dtype=torch.int32, device=nodes.device))
    back = Bags((order // taps).int(), first.int(), weights[order])
    return Bags(nodes, starts[:-1], weights), back


def _bags(matrix: scipy.sparse.csr_matrix | scipy.sparse.csc_matrix) -> Bags:
    return Bags(*map(torch.from_numpy, (matrix.indices, matrix.indptr[:-1], matrix.data)))
