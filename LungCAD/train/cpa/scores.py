"""How well signs are told: one answer per scan, or per scan and region, whatever its number of rotations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from LungCAD.train.confusion import ConfusionTable
from LungCAD.train.cpa.cases import UNKNOWN
from LungCAD.train.cpa.pictures import PictureSet

CLASSES = ("absent", "present")
THRESHOLD = 0.5
DRAWS = 200
"""Random choices of negatives over which balanced scores are averaged."""

PAPER = {
    "disease": {"axial": (0.974, 0.948)},
    "survival": {"axial": (0.817, 0.836)},
    "cavity": {"axial": (0.892, 0.900), "coronal": (0.853, 0.885), "sagittal": (0.863, 0.875)},
    "fungus_ball": {"axial": (0.863, 0.819), "coronal": (0.842, 0.804), "sagittal": (0.820, 0.763)},
    "pleural_thickening": {"axial": (0.906, 0.952), "coronal": (0.915, 0.927), "sagittal": (0.781, 0.825)},
}
"""Precision and recall of SAPSAM's VGG19 on its own patients, balanced sets (sections 3.1, 3.3; Table 2)."""


@dataclass(frozen=True)
class Answers:
    """What was said (S,), probability of yes, of S subjects, and the truth (S,) bool; patients (S,)."""

    said: NDArray[np.float32]
    truth: NDArray[np.bool_]
    patients: NDArray[np.str_]

    @property
    def table(self) -> ConfusionTable:
        """Counts over all subjects."""
        return _table(self.said, self.truth)

    @property
    def balanced(self) -> tuple[float, float]:
        """Precision and recall with as many subjects of either kind, in the mean over random choices."""
        if self.truth.all() or not self.truth.any():
            return float("nan"), float("nan")
        rng = np.random.default_rng(0)
        kinds = [np.flatnonzero(self.truth == value) for value in (False, True)]
        count = min(map(len, kinds))
        tables = []
        for _ in range(DRAWS):
            chosen = np.concatenate([rng.choice(kind, count, replace=False) for kind in kinds])
            tables.append(_table(self.said[chosen], self.truth[chosen]))
        return _mean([t.precision[1] for t in tables]), _mean([t.recall[1] for t in tables])

    def interval(self, measure: str) -> tuple[float, float]:
        """Return the 95 % interval of "precision" or "recall" over bootstraps of patients."""
        rng = np.random.default_rng(0)
        own = [np.flatnonzero(self.patients == patient) for patient in np.unique(self.patients)]
        values = []
        for _ in range(DRAWS):
            chosen = np.concatenate([own[i] for i in rng.integers(len(own), size=len(own))])
            values.append(getattr(_table(self.said[chosen], self.truth[chosen]), measure)[1])
        known = [value for value in values if not np.isnan(value)] or [np.nan]
        low, high = np.percentile(known, (2.5, 97.5))
        return float(low), float(high)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        precision, recall = self.balanced
        return {
            **self.table.as_dict(),
            "balanced_precision": precision,
            "balanced_recall": recall,
            "precision_95": self.interval("precision"),
            "recall_95": self.interval("recall"),
        }


def answers(said: NDArray[np.float32], pictures: PictureSet, task: int = 0) -> Answers:
    """Return the mean of what was said (N, T) of each subject's pictures, where the truth is known."""
    known = pictures.labels[:, task] != UNKNOWN
    _, first, which = np.unique(pictures.subjects[known], return_index=True, return_inverse=True)
    mean = np.bincount(which, said[known, task]) / np.bincount(which)
    truth = pictures.labels[known, task][first] == 1
    return Answers(mean.astype(np.float32), truth, pictures.patients[known][first])


def score_rows(scored: Mapping[str, Answers], names: Mapping[str, tuple[str, str]]) -> list[list[str]]:
    """Return a table in the manner of SAPSAM's Table 2, with its header.

    scored : by name of the network; names : its task and axis.
    """
    rows = [
        [
            "network",
            "present / all",
            "precision",
            "recall",
            "F1",
            "precision, balanced",
            "paper: precision, recall",
        ]
    ]
    for name, each in scored.items():
        task, axis = names[name]
        table = each.table
        paper = PAPER[task].get(axis)
        rows.append(
            [
                name,
                f"{each.truth.sum()} / {len(each.truth)}",
                _with_interval(table.precision[1], each.interval("precision")),
                _with_interval(table.recall[1], each.interval("recall")),
                f"{table.f_score[1]:.2f}",
                "–" if np.isnan(each.balanced[0]) else f"{each.balanced[0]:.2f}",
                "–" if paper is None else f"{paper[0]:.3f}, {paper[1]:.3f}",
            ]
        )
    return rows


def markdown(rows: list[list[str]]) -> str:
    """Return rows with a header as a Markdown table."""
    header, *body = ("| " + " | ".join(row) + " |" for row in rows)
    return "\n".join([header, "|---" * len(rows[0]) + "|", *body]) + "\n"


def _table(said: NDArray, truth: NDArray) -> ConfusionTable:
    counts = np.zeros((2, 2), np.int64)
    np.add.at(counts, (truth.astype(int), (said >= THRESHOLD).astype(int)), 1)
    return ConfusionTable(counts, CLASSES)


def _mean(values: Sequence[float]) -> float:
    """Return the mean of the values that are defined; nan where none is."""
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def _with_interval(value: float, ends: tuple[float, float]) -> str:
    return "–" if np.isnan(value) else f"{value:.2f} ({ends[0]:.2f}–{ends[1]:.2f})"
