"""A network's probability map as unary, alone or pooled with what was learned from the drawn regions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

FLOOR = 1e-6
"""No class is ruled out: the CRF takes logarithms."""


def network_unary(
    probabilities: np.ndarray, values: Sequence[int], classes: Sequence[int], mask: np.ndarray
) -> np.ndarray:
    """Pick `classes` from a network's probability map and renormalise.

    Parameters
    ----------
    probabilities : (K, z, y, x), any non-negative scores, one channel per entry of `values`.
    values : label value of each channel.
    classes : label values wanted, each among `values`.
    mask : (z, y, x), non-zero inside the lung.

    Returns
    -------
    (C, z, y, x) float32, summing to 1 inside the mask, 0 outside. Where the network gives none of the classes
    any probability, all are equally likely.

    Raises
    ------
    ValueError
        Shapes disagree, a class has no channel, or values are negative or not finite.
    """
    if probabilities.shape != (len(values), *mask.shape):
        raise ValueError(
            f"probabilities {probabilities.shape} do not fit {len(values)} labels on {mask.shape}"
        )
    missing = [c for c in classes if c not in values]
    if missing:
        raise ValueError(f"probabilities have no channel for the classes {missing}")
    inside = mask > 0
    chosen = probabilities[[list(values).index(c) for c in classes]][:, inside].astype(np.float64)
    if not np.isfinite(chosen).all() or (chosen < 0).any():
        raise ValueError("probabilities are negative or not finite inside the mask")
    return _normalised(np.maximum(chosen, FLOOR), inside)


def pool(first: np.ndarray, second: np.ndarray, weight: float = 0.5) -> np.ndarray:
    """Pool two probability maps (C, z, y, x) log-linearly: first^(1 - weight) * second^weight, normalised.

    The logarithmic pool is the distribution nearest to both, in Kullback-Leibler divergence weighted so
    (Heskes, NeurIPS 1998). Where both are 0 throughout (outside the mask) the result is 0.

    Raises
    ------
    ValueError
        Shapes differ, `weight` is not in 0..1.
    """
    if first.shape != second.shape:
        raise ValueError(f"first {first.shape} and second {second.shape} differ in shape")
    if not 0 <= weight <= 1:
        raise ValueError(f"weight is {weight}, not in 0..1")
    inside = (first > 0).any(0) | (second > 0).any(0)
    logs = (1 - weight) * np.log(np.maximum(first[:, inside], FLOOR))
    logs += weight * np.log(np.maximum(second[:, inside], FLOOR))
    return _normalised(np.exp(logs - logs.max(0)), inside)


def _normalised(scores: np.ndarray, inside: np.ndarray) -> np.ndarray:
    result = np.zeros((len(scores), *inside.shape), np.float32)
    result[:, inside] = scores / scores.sum(0)
    return result
