"""Losses over all diseases at once (Gao et al. 2017, eqs. 1 to 6): sums over diseases, means over slices."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch.nn.functional import cross_entropy, smooth_l1_loss, softplus


def balancing_weights(positives: ArrayLike) -> NDArray[np.float64]:
    """Return beta_k = (1 - |Y_k| / |Y|) / C of eqs. 5 and 6: a disease seen more often weighs less.

    positives : (C,) number |Y_k| of slices with each disease; |Y| is their sum.

    Raises
    ------
    ValueError
        There is no positive slice at all.
    """
    positives = np.asarray(positives, np.float64)
    if not positives.sum() > 0:
        raise ValueError("positives: no slice shows any disease")
    return (1 - positives / positives.sum()) / len(positives)


def multi_label_logistic(
    outputs: torch.Tensor, present: torch.Tensor, weights: torch.Tensor | None = None
) -> torch.Tensor:
    """Return the sum of binary logistic losses (eq. 1; eq. 5 with weights).

    Parameters
    ----------
    outputs : (N, C). present : (N, C), 1 where a disease is present, else 0 (the paper's -1).
    weights : (C,) of the diseases, 1 each where None.
    """
    return _mean_of_sums(softplus(outputs * (1 - 2 * present)), weights)


def multi_label_regression(
    outputs: torch.Tensor, targets: torch.Tensor, smooth: bool, weights: torch.Tensor | None = None
) -> torch.Tensor:
    """Return the sum of squared errors, or of smooth L1 losses (eqs. 2 and 3; eq. 6 with weights).

    outputs, targets : (N, C). weights : (C,), 1 each where None.
    """
    if smooth:
        return _mean_of_sums(smooth_l1_loss(outputs, targets, reduction="none"), weights)
    return _mean_of_sums((targets - outputs) ** 2, weights)


def single_label_softmax(
    outputs: torch.Tensor, classes: torch.Tensor, weights: torch.Tensor | None = None
) -> torch.Tensor:
    """Return the cross entropy of one class per slice: healthy, or the disease with the largest area.

    outputs : (N, 1 + C), healthy first. classes : (N,). weights : (1 + C,), 1 each where None.
    """
    losses = cross_entropy(outputs, classes, reduction="none")
    return (losses if weights is None else weights[classes] * losses).mean()


def _mean_of_sums(losses: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
    return (losses if weights is None else losses * weights).sum(1).mean()
