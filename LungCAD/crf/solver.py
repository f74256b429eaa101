"""Mean-field inference: message passing, compatibility, local update, hard reset of what was drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from LungCAD.crf.pairwise import Pairwise
from LungCAD.crf.parameters import CRFParameters

LOWEST_LOGIT = -30.0
"""Probabilities below exp(-30) change nothing, and denormal numbers are slow."""
SMALLEST_PROBABILITY = 1e-12


@dataclass(frozen=True)
class Convergence:
    """What happened in the iterations: the largest and the mean change of a marginal in each of them."""

    largest_change: tuple[float, ...]
    mean_change: tuple[float, ...]
    converged: bool

    @property
    def iterations(self) -> int:
        """Number of iterations done."""
        return len(self.largest_change)


def infer(
    pairwise: Pairwise,
    probabilities: Tensor,
    drawn: Tensor,
    label: Tensor,
    parameters: CRFParameters,
    start: Tensor | None = None,
    tick: Callable[[float], None] = lambda fraction: None,
) -> tuple[Tensor, Convergence]:
    """Iterate the mean field on one field of voxels.

    Parameters
    ----------
    probabilities : (N, C), the unary as class probabilities.
    drawn, label : (M,) int64, the voxels with a drawn label, and that label as class index.
    start : (N, C) marginals to start from; the unary by default.
    tick : called with the fraction done before every iteration.

    Returns
    -------
    The marginals (N, C), rows sum to 1, and the convergence report.
    """
    unary = probabilities.clamp(min=SMALLEST_PROBABILITY).log()
    fixed = torch.nn.functional.one_hot(label, probabilities.shape[1]).to(unary.dtype)

    def reset(marginals: Tensor) -> Tensor:
        marginals[drawn] = fixed
        return marginals

    mixing = Anderson() if parameters.accelerate else lambda logits: logits
    marginals = reset(softmax(unary) if start is None else start.clone())
    largest: list[float] = []
    mean: list[float] = []
    converged = False
    for iteration in range(parameters.iterations):
        tick(iteration / parameters.iterations)
        updated = reset(softmax(mixing(unary + pairwise.message(marginals))))
        change = (updated - marginals).abs_()
        largest.append(float(change.max()))
        mean.append(float(change.mean()))
        marginals = updated
        converged = largest[-1] <= parameters.tolerance
        if converged:
            break
    return marginals, Convergence(tuple(largest), tuple(mean), converged)


def softmax(logits: Tensor) -> Tensor:
    """Return the softmax of the rows (N, C); several times faster on CPU than torch's for few classes."""
    shifted = logits - logits.amax(dim=1, keepdim=True)
    weights = shifted.clamp_(min=LOWEST_LOGIT).exp_()
    return weights / (weights @ weights.new_ones(weights.shape[1], 1))


class Anderson:
    """Anderson(1) mixing of a fixed-point iteration x <- g(x): extrapolates along the last step."""

    def __init__(self) -> None:
        self._input: Tensor | None = None
        self._output: Tensor | None = None
        self._residual: Tensor | None = None

    def __call__(self, output: Tensor) -> Tensor:
        """Take g(x) for the x returned last, return the next x."""
        if self._input is None:
            self._input = self._output = output
            return output
        residual = output - self._input
        mixed = output
        if self._residual is not None:
            difference = residual - self._residual
            square = float(difference.square().sum())
            if square > 0:
                beta = float((residual * difference).sum()) / square
                mixed = output - beta * (output - self._output)
        self._input, self._output, self._residual = mixed, output, residual
        return mixed
