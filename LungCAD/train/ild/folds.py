"""Patients in folds that are alike in what they show."""

from __future__ import annotations

import numpy as np

ROUNDING = 1e-12
"""A gain of entropy that small is none."""


def balanced_folds(pixels: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Return the fold (N,) of every case, from 0; sizes differ by 1 at most.

    Hill climbing, as in Anthimopoulos et al., 2018, section IV-A: two cases of different folds, drawn at
    random, change places if that raises the entropy of the folds' class distributions, averaged over the
    folds; until no two cases are left for which it does.

    Parameters
    ----------
    pixels : (N, C) labelled pixels of every class in every case.

    Raises
    ------
    ValueError
        There are fewer cases than folds or fewer than two folds, or `pixels` is no table of counts.
    """
    pixels = np.asarray(pixels)
    if pixels.ndim != 2 or not np.issubdtype(pixels.dtype, np.integer) or np.any(pixels < 0):
        raise ValueError("pixels is no table of counts (cases, classes)")
    if not 2 <= folds <= len(pixels):
        raise ValueError(f"folds is {folds}, not between 2 and the number of cases, {len(pixels)}")
    pixels = pixels.astype(np.int64)
    rng = np.random.default_rng(seed)
    fold = rng.permutation(np.arange(len(pixels)) % folds)
    # Every exchange begins a new round; one without any ends the search.
    while any(_swap(pixels, fold, folds, case, rng) for case in rng.permutation(len(pixels))):
        pass
    return fold


def _swap(pixels: np.ndarray, fold: np.ndarray, folds: int, case: int, rng: np.random.Generator) -> bool:
    """Exchange the case with one of another fold, drawn from those that raise the entropy, if there are."""
    totals = np.stack([pixels[fold == index].sum(0) for index in range(folds)])
    others = np.flatnonzero(fold != fold[case])
    moved = pixels[others] - pixels[case]
    own, other = totals[fold[case]], totals[fold[others]]
    gain = _entropy(own + moved) + _entropy(other - moved) - _entropy(own) - _entropy(other)
    better = others[gain > ROUNDING]
    if not len(better):
        return False
    chosen = rng.choice(better)
    fold[case], fold[chosen] = fold[chosen], fold[case]
    return True


def _entropy(counts: np.ndarray) -> np.ndarray:
    """Return the entropy in nats of the distributions that counts (..., C) are in proportion to."""
    parts = counts / np.maximum(counts.sum(-1, keepdims=True), 1)
    return -(parts * np.log(np.where(parts > 0, parts, 1))).sum(-1)
