"""Calibrate the CRF's parameters: a grid search on cases whose truth is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from LungCAD.crf.dense_crf import DenseCRF
from LungCAD.crf.parameters import CRFParameters
from LungCAD.progress import Progress, each, silent


@dataclass(frozen=True)
class CalibrationCase:
    """One validation case. Arrays are (z, y, x); C classes.

    probabilities : (C, z, y, x) float, the unary. hu : HU. mask, lungs : the lung and which lung (1, 2).
    spacing : (z, y, x) in mm. constraints : int, -1 or the drawn class index.
    truth : int, class index, -1 where unknown; drawn voxels are not scored.
    """

    probabilities: np.ndarray
    hu: np.ndarray
    mask: np.ndarray
    lungs: np.ndarray
    spacing: tuple[float, float, float]
    constraints: np.ndarray
    truth: np.ndarray


@dataclass(frozen=True)
class Trial:
    """Some parameters, and the balanced accuracy per case that the CRF reaches with them."""

    changed: Mapping[str, Any]
    scores: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean over the cases."""
        return float(np.mean(self.scores))

    @property
    def worst(self) -> float:
        """The least of the cases."""
        return min(self.scores)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data that `json` can write."""
        return {**self.changed, "mean": self.mean, "worst": self.worst, "scores": list(self.scores)}


@dataclass(frozen=True)
class Calibration:
    """The best parameters, all trials (the best first), and what the unary alone and known settings score."""

    best: CRFParameters
    trials: tuple[Trial, ...]
    unary: Trial
    known: Mapping[str, Trial]

    def evidence(self) -> dict[str, Any]:
        """Return plain data that `json` can write."""
        return {
            "best": self.best.as_dict(),
            "unary": self.unary.as_dict(),
            "known": {name: trial.as_dict() for name, trial in self.known.items()},
            "trials": [trial.as_dict() for trial in self.trials],
        }


def calibrate(
    cases: Sequence[CalibrationCase],
    grid: Mapping[str, Sequence[Any]],
    base: CRFParameters,
    progress: Progress = silent,
    known: Mapping[str, CRFParameters] | None = None,
) -> Calibration:
    """Try every combination of the values in `grid` (by parameter name) on all cases.

    The best has the highest mean balanced accuracy of the voxels that were not drawn; the first of equals.
    `known` settings, by name, are scored beside them.

    Raises
    ------
    ValueError
        There is no case, or a value of the grid is out of range.
    """
    if not cases:
        raise ValueError("cases is empty")
    combinations = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    known = dict(known or {})
    settings = [(changed, replace(base, **changed)) for changed in combinations]
    settings += [({}, parameters) for parameters in known.values()]
    scored = [
        Trial(changed, tuple(_score(_labels(case, parameters), case) for case in cases))
        for changed, parameters in each(settings, progress, "Calibrating the dense CRF")
    ]
    trials = sorted(scored[: len(combinations)], key=lambda trial: -trial.mean)
    return Calibration(
        replace(base, **trials[0].changed),
        tuple(trials),
        Trial({}, tuple(_score(case.probabilities.argmax(0), case) for case in cases)),
        dict(zip(known, scored[len(combinations) :], strict=True)),
    )


def _labels(case: CalibrationCase, parameters: CRFParameters) -> np.ndarray:
    crf = DenseCRF(case.hu, case.mask, case.spacing, parameters, lungs=case.lungs)
    return crf.solve(case.probabilities, case.constraints).labels()


def _score(labels: np.ndarray, case: CalibrationCase) -> float:
    scored = case.mask & (case.truth >= 0) & (case.constraints < 0)
    truth, hit = case.truth[scored], (labels == case.truth)[scored]
    return float(np.mean([hit[truth == value].mean() for value in np.unique(truth)]))
