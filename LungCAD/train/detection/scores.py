"""What a detector reaches on slices, in the terms of the paper's tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from LungCAD.tasks.detection_input import Decision
from LungCAD.train.detection.metrics import (
    Agreement,
    agreement,
    areas_under_roc,
    average_precisions,
    patient_bootstrap,
)

ROUNDS = 500
"""Of the bootstrap."""


@dataclass(frozen=True)
class DetectionScores:
    """Agreement, area under the ROC curve and average precision per disease (C,), with 95 % intervals.

    intervals : of f1 (2,), per_disease (2, C) and auc (2, C). slices, positives (C,) and patients : how many.
    """

    agreement: Agreement
    auc: tuple[float, ...]
    average_precision: tuple[float, ...]
    intervals: dict[str, Any]
    slices: int
    positives: tuple[int, ...]
    patients: int

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; what is undefined is None."""
        a = self.agreement
        return {
            "slices": self.slices,
            "patients": self.patients,
            "positives": list(self.positives),
            "jaccard": a.jaccard,
            "precision": a.precision,
            "recall": a.recall,
            "f1": a.f1,
            "macro_f1": a.macro_f1,
            "f1_per_disease": plain(a.per_disease),
            "auc": plain(self.auc),
            "average_precision": plain(self.average_precision),
            "intervals": self.intervals,
        }


def found_diseases(scores: NDArray, decisions: Sequence[Decision]) -> NDArray[np.bool_]:
    """Return which diseases the decisions call present, (N, C)."""
    return probabilities(decisions, scores) >= np.array([one.threshold for one in decisions])


def probabilities(decisions: Sequence[Decision], scores: NDArray) -> NDArray[np.float32]:
    """Return how likely the decisions find each disease, (N, C)."""
    columns = zip(decisions, scores.T, strict=True)
    return np.stack([one.probability(column) for one, column in columns], axis=1)


def detection_scores(
    scores: NDArray,
    found: NDArray[np.bool_],
    present: NDArray[np.bool_],
    patients: NDArray,
    rounds: int = ROUNDS,
) -> DetectionScores:
    """Score slices (N, C), of which `found` was called present; intervals are of patients drawn anew."""

    def drawn(rows: NDArray[np.intp]) -> NDArray:
        one = agreement(present[rows], found[rows])
        return np.concatenate([[one.f1], one.per_disease, areas_under_roc(present[rows], scores[rows])])

    low_high = patient_bootstrap(patients, drawn, rounds)
    diseases = present.shape[1]
    intervals = {
        "f1": plain(low_high[:, 0]),
        "f1_per_disease": [plain(row) for row in low_high[:, 1 : 1 + diseases]],
        "auc": [plain(row) for row in low_high[:, 1 + diseases :]],
    }
    return DetectionScores(
        agreement(present, found),
        tuple(areas_under_roc(present, scores)),
        tuple(average_precisions(present, scores)),
        intervals,
        len(present),
        tuple(present.sum(0).tolist()),
        len(np.unique(patients)),
    )


def markdown(scores: DetectionScores, diseases: Sequence[str]) -> str:
    """Return the scores as a table with their intervals."""
    lines = ["| | " + " | ".join([*diseases, "overall"]) + " |", "|---" * (len(diseases) + 2) + "|"]
    between, a = scores.intervals, scores.agreement
    rows = {
        "slices that show it": [*map(str, scores.positives), str(scores.slices)],
        "F1": [
            *map(_with_interval, a.per_disease, *between["f1_per_disease"]),
            _with_interval(a.f1, *between["f1"]),
        ],
        "AUC": [*map(_with_interval, scores.auc, *between["auc"]), "–"],
        "average precision": [*map(rounded, scores.average_precision), "–"],
    }
    lines += [f"| {name} | " + " | ".join(values) + " |" for name, values in rows.items()]
    lines += [
        "",
        f"Overall: precision {a.precision:.3f}, recall {a.recall:.3f}, Jaccard index {a.jaccard:.3f}, "
        f"macro F1 {a.macro_f1:.3f}; {scores.slices} slices of {scores.patients} patients; in brackets 95 % "
        "of patients drawn with replacement.",
    ]
    return "\n".join(lines)


def rounded(value: float) -> str:
    """Return a number as tables show it; a dash for what is undefined."""
    return "–" if np.isnan(value) else f"{value:.3f}"


def _with_interval(value: float, low: float | None, high: float | None) -> str:
    if np.isnan(value) or low is None or high is None:
        return "–"
    return f"{rounded(value)} [{rounded(low)}, {rounded(high)}]"


def plain(values: Sequence[float] | NDArray) -> list[float | None]:
    """Return numbers for JSON, with four digits; None for what is undefined."""
    return [None if np.isnan(value) else round(float(value), 4) for value in values]
