"""The loss for slices of which only a part is labelled."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import cross_entropy, log_softmax

UNLABELLED = -1
"""Lung that nobody labelled: the network should be certain there, whatever it sees."""

OUTSIDE = -2
"""Pixels that take no part."""

UNSUPERVISED_WEIGHT = 0.1
"""w_u, the best of the paper's fig. 5."""


def class_weights(pixels: np.ndarray) -> np.ndarray:
    """Return weights (C,) that let all classes weigh the same: the median of the counts over each count.

    Parameters
    ----------
    pixels : (C,) labelled pixels of every class in the training data.

    Raises
    ------
    ValueError
        A class has none.
    """
    if np.any(pixels <= 0):
        raise ValueError(f"pixels: classes {np.flatnonzero(pixels <= 0).tolist()} have none")
    return np.median(pixels) / pixels


def weighted_means(
    logits: torch.Tensor,
    labels: torch.Tensor,
    weights: torch.Tensor,
    unsupervised_weight: float = UNSUPERVISED_WEIGHT,
) -> torch.Tensor:
    """Return (1 - w_u) times the weighted mean cross entropy plus w_u times the mean entropy.

    The form of the authors' published code: the cross entropy is averaged over labelled pixels with the
    weights of their classes, the entropy of the output over unlabelled ones; a mean over no pixel is 0.

    Parameters
    ----------
    logits : (N, C, Y, X).
    labels : (N, Y, X) int64, indices of classes, `UNLABELLED` or `OUTSIDE`.
    weights : (C,) of the classes.
    unsupervised_weight : w_u, 0..1; 0 is the paper's "purely supervised".
    """
    supervised, mass, entropy, unlabelled = _sums(logits, labels, weights)
    means = supervised / mass.clamp_min(torch.finfo(mass.dtype).tiny), entropy / unlabelled.clamp_min(1)
    return (1 - unsupervised_weight) * means[0] + unsupervised_weight * means[1]


def set_means(
    logits: torch.Tensor,
    labels: torch.Tensor,
    weights: torch.Tensor,
    unsupervised_weight: float = UNSUPERVISED_WEIGHT,
) -> torch.Tensor:
    """Return `weighted_means` with the weighted cross entropy over the number of labelled pixels.

    A slice that shows one class counts by the weight of that class, as the paper's text has it: all classes
    of the set contribute equally. Over the sum of its weights, as in the authors' code, every slice counts
    alike, and the class that most slices show counts most. Parameters as `weighted_means`.
    """
    supervised, _, entropy, unlabelled = _sums(logits, labels, weights)
    means = supervised / (labels >= 0).sum().clamp_min(1), entropy / unlabelled.clamp_min(1)
    return (1 - unsupervised_weight) * means[0] + unsupervised_weight * means[1]


def literal_sum(
    logits: torch.Tensor,
    labels: torch.Tensor,
    weights: torch.Tensor,
    unsupervised_weight: float = UNSUPERVISED_WEIGHT,
) -> torch.Tensor:
    """Return eq. 1 of the paper, summed over all pixels that take part; parameters as `weighted_means`.

    The paper scales its second line by an alpha "relatively with the proportion of the unlabeled regions
    versus the annotated ones": here the number of labelled pixels over that of unlabelled ones, so that
    unlabelled lung weighs w_u however much there is of it, and nothing where no pixel is labelled.
    """
    supervised, _, entropy, unlabelled = _sums(logits, labels, weights)
    alpha = (labels >= 0).sum() / unlabelled.clamp_min(1)
    return supervised + alpha * unsupervised_weight * entropy


def _sums(
    logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return weighted cross entropy, weights, entropy and number of unlabelled pixels, all as sums."""
    labelled, unlabelled = labels >= 0, labels == UNLABELLED
    targets = labels.where(labelled, torch.full_like(labels, OUTSIDE))
    supervised = cross_entropy(logits, targets, weights, ignore_index=OUTSIDE, reduction="sum")
    logarithms = log_softmax(logits, dim=1)
    entropy = -(logarithms.exp() * logarithms).sum(1)
    return supervised, weights[labels[labelled]].sum(), (entropy * unlabelled).sum(), unlabelled.sum()
