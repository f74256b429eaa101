"""From which score on to say yes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve


def threshold_of_best_f1(present: NDArray[np.bool_], scores: NDArray) -> float:
    """Return the score (N,) from which on yes gives the highest F1; both answers must be among `present`."""
    precision, recall, thresholds = precision_recall_curve(present, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(thresholds[f1[:-1].argmax()])


def border_of_best_f1(present: NDArray[np.bool_], scores: NDArray[np.float64], floor: float) -> float:
    """Return a score midway between the last yes and the first no of the best F1: rounding must move neither.

    floor : below all scores; stands for the first no where all are yes.
    """
    least = threshold_of_best_f1(present, scores)
    return float(least + scores[scores < least].max(initial=floor)) / 2
