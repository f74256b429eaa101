"""How far a labelling can be trusted: against the truth, and as more of the lung is asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

POINTS = 200
"""A curve is sampled at no more points than a plot can show."""


@dataclass(frozen=True)
class RiskCoverage:
    """Error rate (`risk`, 0..1) among the most confident share of voxels (`coverage`, 0..1, ascending)."""

    coverage: np.ndarray
    risk: np.ndarray


@dataclass(frozen=True)
class Expansion:
    """Voxels labelled per drawn voxel (`factor`) when only posteriors of at least `threshold` are kept."""

    threshold: np.ndarray
    factor: np.ndarray


def risk_coverage(confidence: np.ndarray, correct: np.ndarray) -> RiskCoverage:
    """Return the risk-coverage curve (Geifman and El-Yaniv, NeurIPS 2017, eq. 1 and 2).

    Parameters
    ----------
    confidence : (n,) any score that ranks voxels, higher is surer. Voxels of equal confidence are kept or
        left together.
    correct : (n,) bool, whether the label of the voxel is right.

    Raises
    ------
    ValueError
        The arrays are empty or of different length.
    """
    confidence, correct = np.ravel(confidence), np.ravel(correct)
    if confidence.size == 0 or confidence.size != correct.size:
        raise ValueError(
            f"confidence has {confidence.size} values, correct {correct.size}; equal and more than 0 needed"
        )
    order = np.argsort(-confidence, kind="stable")
    errors = np.cumsum(~correct[order].astype(bool))
    last_of_tie = np.append(np.flatnonzero(np.diff(confidence[order])), confidence.size - 1)
    kept = last_of_tie[_sample(last_of_tie.size)] + 1
    return RiskCoverage(kept / confidence.size, errors[kept - 1] / kept)


def expansion_curve(posterior: np.ndarray, drawn_voxels: int) -> Expansion:
    """Return how many voxels per drawn voxel reach each threshold of their posterior.

    `posterior` is (n,), 0..1: the probability of the label that each undrawn lung voxel got.

    Raises
    ------
    ValueError
        `drawn_voxels` is not positive.
    """
    if drawn_voxels <= 0:
        raise ValueError("drawn_voxels must be positive: without a drawing there is nothing to expand")
    thresholds = np.linspace(0, 1, 101)
    ascending = np.sort(np.ravel(posterior))
    return Expansion(thresholds, (ascending.size - np.searchsorted(ascending, thresholds)) / drawn_voxels)


def confusion_matrix(truth: np.ndarray, labels: np.ndarray, values: tuple[int, ...]) -> np.ndarray:
    """Count voxels by (true, given) label: (len(values), len(values) + 1), the last column any other value.

    Voxels whose true label is not among `values` are left out.
    """
    position = np.full(256, len(values))
    position[list(values)] = range(len(values))
    rows, columns = position[np.ravel(truth)], position[np.ravel(labels)]
    wanted = rows < len(values)
    joint = rows[wanted] * (len(values) + 1) + columns[wanted]
    return np.bincount(joint, minlength=len(values) * (len(values) + 1)).reshape(len(values), len(values) + 1)


def _sample(length: int) -> np.ndarray:
    return np.unique(np.linspace(0, length - 1, min(length, POINTS)).round().astype(int))
