"""Mean-field inference: message passing, compatibility, local update, hard reset of what was drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from LungCAD.crf.checks import EXCLUDED
from LungCAD.crf.pairwise import Pairwise
from LungCAD.crf.parameters import CRFParameters

LOWEST_LOGIT = -30.0
"""Probabilities below exp(-30) change nothing, and denormal numbers are slow."""
HIGHEST_LOGIT = 60.0
"""exp(60) times a thousand classes is still a float32."""

SAMPLED_ROWS = 500_000
"""Voxels that suffice to decide how far to extrapolate."""


@dataclass(frozen=True)
class Convergence:
    """What happened in the iterations: the largest change of a marginal in each of them."""

    largest_change: tuple[float, ...]
    converged: bool

    @property
    def iterations(self) -> int:
        """Number of iterations done."""
        return len(self.largest_change)


def infer(
    pairwise: Pairwise,
    unary: Tensor,
    drawn: Tensor,
    label: Tensor,
    parameters: CRFParameters,
    start: Tensor | None = None,
    tick: Callable[[float], None] = lambda fraction: None,
) -> tuple[Tensor, Convergence]:
    """Iterate the mean field on one field of voxels.

    Parameters
    ----------
    unary : (N, C), logarithms of class probabilities, 0 for the most probable.
    drawn, label : (M,) int64, the voxels with a drawn label, and that label as class index; or EXCLUDED, then
        the voxel's marginals are 0 throughout: it says nothing.
    start : (N, C) marginals to start from; the unary by default.
    tick : called with the fraction done before every iteration.

    Returns
    -------
    The marginals (N, C), rows sum to 1 (excluded ones to 0), and the convergence report.
    """
    fixed = torch.nn.functional.one_hot(label.clamp(min=0), unary.shape[1]).to(unary.dtype)
    fixed[label == EXCLUDED] = 0
    mix = Anderson() if parameters.accelerate else lambda logits: logits
    marginals = softmax_(unary.clone()) if start is None else start.clone()
    marginals[drawn] = fixed
    changes: list[float] = []
    converged = False
    while len(changes) < parameters.iterations and not converged:
        tick(len(changes) / parameters.iterations)
        updated = softmax_(mix(pairwise.message(marginals).add_(unary)))
        updated[drawn] = fixed
        least, most = marginals.sub_(updated).aminmax()
        changes.append(max(-float(least), float(most)))
        marginals = updated
        converged = changes[-1] <= parameters.tolerance
    return marginals, Convergence(tuple(changes), converged)


def softmax_(logits: Tensor) -> Tensor:
    """Turn logits (N, C), of which no row has all below 0, into their softmax, in place.

    Several times faster on CPU than torch's, which is slow where there are few classes.
    """
    if float(logits.max()) > HIGHEST_LOGIT:
        logits -= logits.amax(dim=1, keepdim=True)
    logits.clamp_(min=LOWEST_LOGIT).exp_()
    return logits.div_(logits @ logits.new_ones(logits.shape[1], 1))


class Anderson:
    """Anderson(1) mixing of a fixed-point iteration x <- g(x): extrapolates along the last step.

    How far, is decided on a sample of the rows where there are very many; whole volumes leave no room to
    keep more than one earlier iterate.
    """

    def __init__(self) -> None:
        self._output: Tensor | None = None
        self._input_sample: Tensor | None = None
        self._residual: Tensor | None = None

    def __call__(self, output: Tensor) -> Tensor:
        """Take g(x) (N, ...), for the x returned last; return the next x in memory of its own."""
        sampled = slice(None, None, 1 + len(output) // SAMPLED_ROWS)
        if self._output is None:
            self._output, self._input_sample = output, output[sampled].clone()
            return output.clone()
        residual = output[sampled] - self._input_sample
        mixed = self._output.neg_().add_(output).mul_(-self._share(residual)).add_(output)
        self._output, self._residual, self._input_sample = output, residual, mixed[sampled].clone()
        return mixed

    def _share(self, residual: Tensor) -> float:
        """Return the part of the last step to go back by: it makes the residual least, were g linear."""
        if self._residual is None:
            return 0.0
        change = (residual - self._residual).reshape(-1)
        square = float(torch.dot(change, change))
        return float(torch.dot(residual.reshape(-1), change)) / square if square > 0 else 0.0
