"""What a confusion matrix of patches says, in the form of Table 1 of Gao et al., ISBI 2016."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

import numpy as np

PAPER = "92.8 % (Gao et al. 2016, on its own data: five classes of the Geneva database)"
"""Total accuracy of the paper's AlexNet."""


@dataclass(frozen=True)
class ConfusionTable:
    """Counts of patches (C, C) by class (rows) and by what they were taken for; `classes` are the codes."""

    counts: np.ndarray
    classes: tuple[str, ...]

    @property
    def accuracy(self) -> float:
        """Part of all patches that was recognised; nan without patches."""
        return _ratio(np.trace(self.counts), self.counts.sum())

    @property
    def rates(self) -> np.ndarray:
        """(C, C) each row over its sum, as the paper prints it; nan for a class without patches."""
        return _ratio(self.counts, self.counts.sum(1, keepdims=True))

    @property
    def precision(self) -> np.ndarray:
        """(C,) part of what was taken for a class that is of it; nan where nothing was."""
        return _ratio(self.counts.diagonal(), self.counts.sum(0))

    @property
    def recall(self) -> np.ndarray:
        """(C,) part of a class that was recognised; nan for a class without patches."""
        return _ratio(self.counts.diagonal(), self.counts.sum(1))

    @property
    def f_score(self) -> np.ndarray:
        """(C,) harmonic mean of precision and recall; nan for a class that neither occurs nor was found."""
        return _ratio(2 * self.counts.diagonal(), self.counts.sum(0) + self.counts.sum(1))

    @property
    def balanced_accuracy(self) -> float:
        """Mean recall of the classes that have patches; nan without patches."""
        return float(np.nanmean(self.recall)) if self.counts.any() else float("nan")

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; what is undefined is None."""
        per_class = {"precision": self.precision, "recall": self.recall, "f_score": self.f_score}
        return {
            "classes": list(self.classes),
            "counts": self.counts.tolist(),
            "accuracy": _plain(self.accuracy),
            "balanced_accuracy": _plain(self.balanced_accuracy),
            **{name: [_plain(value) for value in values] for name, values in per_class.items()},
        }

    def rows(self) -> list[list[str]]:
        """Return the table with its header: rates of the confusion, then precision, recall and F-score."""
        measures = {"precision": self.precision, "recall": self.recall, "F-score": self.f_score}
        body = [*zip(self.classes, self.rates, strict=True), *measures.items()]
        return [["truth \\ prediction", *self.classes], *([name, *map(_text, row)] for name, row in body)]

    def markdown(self) -> str:
        """Return the table and the total accuracy beside the paper's."""
        header, *body = ("| " + " | ".join(row) + " |" for row in self.rows())
        rule = "|---" * (len(self.classes) + 1) + "|"
        total = f"Total accuracy: {100 * self.accuracy:.1f} %. For reference: {PAPER}."
        return "\n".join([header, rule, *body]) + f"\n\n{total}\n"

    def csv(self) -> str:
        """Return the table as comma-separated values."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(self.rows())
        return text.getvalue()


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.divide(part, whole)


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 6)


def _text(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.4f}"
