"""Local response normalisation with a gradient in closed form, several times as fast as torch's on a CPU."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.functional import pad


class ResponseNorm(nn.Module):
    """y = x / (k + alpha / size * s)^(3/4), s the sum of x^2 over the `size` nearest channels, size odd.

    Krizhevsky, Sutskever, Hinton, NeurIPS 2012, section 3.3, with their beta of 3/4; equal to
    `torch.nn.LocalResponseNorm(size, alpha, 0.75, k)`.
    """

    def __init__(self, size: int, alpha: float, k: float) -> None:
        super().__init__()
        if size % 2 == 0:
            raise ValueError(f"size is {size}, not odd")
        self._size, self._alpha, self._k = size, alpha, k

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Return maps (N, channels, Y, X), normalised."""
        return _Normalise.apply(maps, self._size, self._alpha / self._size, self._k)


class _Normalise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, maps: torch.Tensor, size: int, alpha: float, k: float) -> torch.Tensor:  # noqa: ANN401
        root = _over_neighbours(maps * maps, size).mul_(alpha).add_(k).rsqrt_()
        scale = root * root.sqrt()  # (k + alpha s)^(-3/4)
        ctx.save_for_backward(maps, root, scale)
        ctx.size, ctx.alpha = size, alpha
        return maps * scale

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None, None, None]:  # noqa: ANN401
        maps, root, scale = ctx.saved_tensors
        shared = _over_neighbours(gradient * maps * scale * root * root, ctx.size)
        return gradient * scale - (1.5 * ctx.alpha) * maps * shared, None, None, None


def _over_neighbours(maps: torch.Tensor, size: int) -> torch.Tensor:
    """Return the sum over the `size` nearest channels of each."""
    channels = maps.shape[1]
    padded = pad(maps, (0, 0, 0, 0, size // 2, size // 2))
    total = padded[:, :channels].clone()
    for step in range(1, size):
        total += padded[:, step : step + channels]
    return total
