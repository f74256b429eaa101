"""Rows of a comparison, as Markdown with the paper's numbers beside them, and as plain data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from LungCAD.train.detection.published_tables import (
    LAYERS_PX,
    PAPER_F1,
    PAPER_FEW_AUC,
    PAPER_LAYERS_AUC,
    PAPER_LAYERS_F1,
)
from LungCAD.train.detection.scores import rounded
from LungCAD.train.detection.targets import square_millimetres


@dataclass(frozen=True)
class Row:
    """One line of a table: F1 (C + 1,), overall last, and AUC (C,)."""

    name: str
    f1: tuple[float, ...]
    auc: tuple[float, ...]


def methods_markdown(rows: Sequence[Row], pixels: float, diseases: Sequence[str]) -> str:
    """Return F1 of every method at one threshold, the paper's in brackets, and its AUC."""
    paper, at = PAPER_F1.get(pixels, {}), _at(pixels)
    title = f"F1 {at}, in brackets the paper's on LTRC"
    f1 = _table(title, rows, lambda row: row.f1, paper, [*diseases, "overall"])
    auc = _table(f"Area under the ROC curve {at}", rows, lambda row: row.auc, {}, diseases)
    return f"{f1}\n\n{auc}"


def layers_markdown(rows: Sequence[Row], slices: int, diseases: Sequence[str]) -> str:
    """Return AUC and F1 of layers that learned from so many slices, the paper's on LTRC in brackets."""
    how = f"by layer {_at(LAYERS_PX)}, from {slices} slices, in brackets the paper's on LTRC"
    title = f"Area under the ROC curve {how} (table 5)"
    auc = _table(title, rows, lambda row: row.auc, PAPER_LAYERS_AUC, diseases)
    title = f"F1 {how} (table 6)"
    f1 = _table(title, rows, lambda row: row.f1, PAPER_LAYERS_F1, [*diseases, "overall"])
    return f"{auc}\n\n{f1}"


def few_markdown(rows: Sequence[Row], slices: int, diseases: Sequence[str]) -> str:
    """Return AUC of layers that learned from few slices, the paper's in brackets."""
    title = (
        f"Area under the ROC curve by layer {_at(LAYERS_PX)}, from {slices} slices, in brackets the paper's "
        "on LTRC from 18,000 (table 7)"
    )
    return _table(title, rows, lambda row: row.auc, PAPER_FEW_AUC, diseases)


def _at(pixels: float) -> str:
    return f"at T = {pixels:.0f} px ({square_millimetres(pixels):.0f} mm2)"


def rows_as_dict(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return plain data for JSON; what is undefined is None."""
    plain = [[None if np.isnan(v) else round(float(v), 4) for v in (*row.f1, *row.auc)] for row in rows]
    return [
        {"name": row.name, "f1": values[: len(row.f1)], "auc": values[len(row.f1) :]}
        for row, values in zip(rows, plain, strict=True)
    ]


def _table(
    title: str,
    rows: Sequence[Row],
    values: Callable[[Row], Sequence[float]],
    paper: dict[str, tuple[float, ...]],
    columns: Sequence[str],
) -> str:
    lines = [f"| {title} | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for row in rows:
        theirs = paper.get(row.name, ())
        cells = [
            rounded(value) + (f" ({theirs[number]:.3f})" if theirs else "")
            for number, value in enumerate(values(row))
        ]
        lines.append(f"| {row.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
