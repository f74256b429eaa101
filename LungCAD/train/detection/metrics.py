"""How well sets of diseases are found (Gao et al. 2017, eqs. 7 to 10), and with what certainty."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

Labels = NDArray[np.bool_]
"""Which diseases, (N, C)."""


@dataclass(frozen=True)
class Agreement:
    """Of found with true sets of diseases.

    jaccard, precision, recall, f1 : eqs. 7 to 10; the paper calls the first accuracy and Hamming score.
    per_disease : F1 of each disease (C,), counted over slices; 0 where it neither is nor was found.
    """

    jaccard: float
    precision: float
    recall: float
    f1: float
    per_disease: tuple[float, ...]

    @property
    def macro_f1(self) -> float:
        """Mean of the diseases' F1."""
        return float(np.mean(self.per_disease))


def agreement(truth: Labels, found: Labels) -> Agreement:
    """Compare sets of diseases, slice by slice.

    Equations 7 to 9 are means over the slices where something is or was found: on all others, most of a
    scan, their terms are 0 / 0. A term whose denominator alone is 0 counts as 0.

    Raises
    ------
    ValueError
        The shapes differ.
    """
    if truth.shape != found.shape:
        raise ValueError(f"found: shape {found.shape} is not that of truth, {truth.shape}")
    both, either = (truth & found).sum(1), (truth | found).sum(1)
    counted = either > 0
    jaccard, precision, recall = (
        _mean(both[counted], size[counted]) for size in (either, found.sum(1), truth.sum(1))
    )
    return Agreement(jaccard, precision, recall, _f1(precision, recall), tuple(f1_scores(truth, found)))


def f1_scores(truth: Labels, found: Labels) -> NDArray[np.float64]:
    """Return the F1 of each disease (C,); 0 where it neither is nor was found."""
    return 2 * (truth & found).sum(0) / np.maximum(truth.sum(0) + found.sum(0), 1)


def areas_under_roc(truth: Labels, scores: NDArray) -> NDArray[np.float64]:
    """Return the area under each disease's ROC curve (C,); nan where all slices are of one kind."""
    return _by_disease(roc_auc_score, truth, scores)


def average_precisions(truth: Labels, scores: NDArray) -> NDArray[np.float64]:
    """Return each disease's average precision (C,), the area under its curve of precision and recall."""
    return _by_disease(average_precision_score, truth, scores)


def patient_bootstrap(
    patients: NDArray,
    measure: Callable[[NDArray[np.intp]], NDArray],
    rounds: int = 1000,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Return the 95 % confidence interval of a measure, (2, ...): patients drawn with replacement.

    Slices of one patient resemble each other: drawing slices would promise too much. The interval is nan
    where the measure is, however patients are drawn.

    Parameters
    ----------
    patients : (N,) of every slice. measure : of the slices at some indices, which may repeat.
    """
    rng = np.random.default_rng(seed)
    order = np.argsort(patients, kind="stable")
    _, starts = np.unique(patients[order], return_index=True)
    own = np.split(order, starts[1:])
    drawn = [
        measure(np.concatenate([own[i] for i in rng.integers(0, len(own), len(own))])) for _ in range(rounds)
    ]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)  # a disease may never occur
        return np.nanpercentile(np.stack(drawn), (2.5, 97.5), axis=0)


def _by_disease(
    measure: Callable[[NDArray, NDArray], float], truth: Labels, scores: NDArray
) -> NDArray[np.float64]:
    columns = zip(truth.T, scores.T, strict=True)
    return np.array([measure(t, s) if 0 < t.sum() < len(t) else np.nan for t, s in columns])


def _mean(part: NDArray, whole: NDArray) -> float:
    return float((part / np.maximum(whole, 1)).mean()) if len(part) else 0.0


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0
