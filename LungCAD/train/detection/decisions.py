"""From scores of slices that were held out to probabilities and to a yes or no."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from LungCAD.tasks.detection_input import Decision
from LungCAD.train.detection.scores import found_diseases
from LungCAD.train.thresholds import threshold_of_best_f1

TEMPERATURES = (0.05, 20.0)

UNFITTED = Decision()


def fit_decisions(
    scores: NDArray,
    present: NDArray[np.bool_],
    centred: bool,
    before: Sequence[Decision] | None = None,
) -> tuple[Decision, ...]:
    """Return one decision per disease: probabilities as honest as a line makes them, the best F1.

    Parameters
    ----------
    scores, present : (N, C), of slices that were not learned from.
    centred : scores are log odds already and only lack a temperature (Guo et al., ICML 2017); otherwise an
        offset is fitted too (Platt, 1999).
    before : decisions that stay where nothing can be fitted; the default where None.
    """
    before = before or [UNFITTED] * scores.shape[1]
    columns = zip(scores.T, present.T, before, strict=True)
    return tuple(fit_decision(s, p, centred, old) for s, p, old in columns)


def can_be_fitted(present: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return (C,) which diseases some slices (N, C) show, and some do not."""
    return present.any(0) & ~present.all(0)


def fit_decision(
    scores: NDArray, present: NDArray[np.bool_], centred: bool, before: Decision = UNFITTED
) -> Decision:
    """Return the decision of one disease; `before` where it is on none of the slices, or on all."""
    if not can_be_fitted(present):
        return before
    offset, temperature = platt(scores.astype(np.float64), present, centred)
    calibrated = Decision(offset, temperature)
    return Decision(offset, temperature, threshold_of_best_f1(present, calibrated.probability(scores)))


def decided_by_others(
    scores: NDArray,
    present: NDArray[np.bool_],
    groups: NDArray,
    centred: bool,
    before: Sequence[Decision] | None = None,
) -> NDArray[np.bool_]:
    """Return which diseases are called present (N, C), each group (N,) by decisions fitted to the others.

    So no truth decides what is said of it, unless there is only one group. The rest as in `fit_decisions`.
    """
    found = np.empty_like(present)
    for own, others in own_and_others(groups):
        decisions = fit_decisions(scores[others], present[others], centred, before)
        found[own] = found_diseases(scores[own], decisions)
    return found


def own_and_others(groups: NDArray) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Yield, for each of the groups (N,), which rows are its own, and the others; all where it is alone."""
    for group in np.unique(groups):
        own = groups == group
        yield own, own if own.all() else ~own


def platt(scores: NDArray, present: NDArray[np.bool_], centred: bool = False) -> tuple[float, float]:
    """Return the offset and the temperature that make the truth most likely; no offset where `centred`.

    The truth is as sure as so many slices can make it (Platt, 1999, section 2.2): where scores tell all of
    them apart, probabilities would else all be 0 or 1, and so would the threshold.
    """
    shown = int(present.sum())
    truth = np.where(present, (shown + 1) / (shown + 2), 1 / (len(present) - shown + 2))

    def surprise(x: NDArray) -> float:
        log_odds = (scores - (0.0 if centred else x[1])) / np.exp(x[0])
        return float((np.logaddexp(0, log_odds) - truth * log_odds).mean())

    start = [0.0] if centred else [0.0, float(np.median(scores[present]))]
    low, high = np.log(TEMPERATURES)
    bounds = [(low, high)] if centred else [(low, high), (scores.min(), scores.max())]
    best = minimize(surprise, start, bounds=bounds, method="L-BFGS-B").x
    return (0.0 if centred else float(best[1])), float(np.exp(best[0]))
