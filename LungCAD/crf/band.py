"""Products with a kernel that vanishes away from its diagonal."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

NEGLIGIBLE = 1e-5
"""Part of a kernel's centre below which its tails are cut off."""
BLOCK = 16


class NodeKernel:
    """The kernel between the nodes of one axis, (M, M); multiplied block by block where it is narrow."""

    def __init__(self, kernel: Tensor) -> None:
        self._kernel = kernel
        self._nodes = len(kernel)
        middle = kernel[self._nodes // 2].abs()
        distance = (torch.arange(self._nodes, device=kernel.device) - self._nodes // 2).abs()
        self._reach = int(distance[middle > NEGLIGIBLE * middle.max()].max())
        self._blocks = -(-self._nodes // BLOCK)
        self._pattern = None
        if 2 * (BLOCK + 2 * self._reach) < self._nodes and _is_toeplitz(kernel):
            start = self._nodes // 2 - BLOCK // 2
            first = start - self._reach
            self._pattern = kernel[
                start : start + BLOCK, first : first + BLOCK + 2 * self._reach
            ].contiguous()

    def __len__(self) -> int:
        """Return the number of nodes M."""
        return self._nodes

    def __matmul__(self, values: Tensor) -> Tensor:
        """Return the product with values (M, R)."""
        if self._pattern is None:
            return self._kernel @ values
        behind = self._blocks * BLOCK - self._nodes + self._reach
        windows = pad(values, (0, 0, self._reach, behind)).unfold(0, self._pattern.shape[1], BLOCK)
        blocks = torch.matmul(self._pattern, windows.transpose(1, 2))
        return blocks.reshape(-1, values.shape[1])[: self._nodes]


def _is_toeplitz(kernel: Tensor) -> bool:
    return bool((kernel[1:, 1:] == kernel[:-1, :-1]).all())
