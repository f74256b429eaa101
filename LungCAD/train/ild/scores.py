"""What the folds of a cross-validation say together."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from LungCAD.train.confusion import ConfusionTable

Tables = Sequence[ConfusionTable]
"""Of the folds; pixels by their class and what they were taken for."""

MEASURES = {"accuracy": "recall", "Dice": "f_score"}
"""Per class: the part of its pixels that is found, and the Dice coefficient."""


def balanced_accuracies(tables: Tables) -> NDArray[np.float64]:
    """Return the balanced accuracy of every fold (F,): the paper's eq. 2."""
    return np.array([table.balanced_accuracy for table in tables])


def total(tables: Tables) -> ConfusionTable:
    """Return all folds as one."""
    return ConfusionTable(sum(table.counts for table in tables), tables[0].classes)


def summary(tables: Tables) -> dict[str, Any]:
    """Return plain data: mean and standard deviation over the folds, every fold, and the whole confusion."""
    per_class = {
        name: {
            code: _spread(values)
            for code, values in zip(tables[0].classes, _per_class(tables, attribute).T, strict=True)
        }
        for name, attribute in MEASURES.items()
    }
    return {
        "balanced_accuracy": _spread(balanced_accuracies(tables)),
        **{name.lower(): values for name, values in per_class.items()},
        "total": total(tables).as_dict(),
        "folds": [table.as_dict() for table in tables],
    }


def markdown(tables: Tables) -> str:
    """Return two tables: accuracy and Dice per class, mean ± SD over folds; the confusion of all pixels."""
    accuracies = balanced_accuracies(tables)
    lines = [
        f"Balanced accuracy {_text(accuracies)} over {len(tables)} "
        f"{'fold' if len(tables) == 1 else 'folds'}, at worst {accuracies.min():.3f}.",
        "",
        f"| class | {' | '.join(MEASURES)} |",
        "|---" * (len(MEASURES) + 1) + "|",
    ]
    columns = [_per_class(tables, attribute).T for attribute in MEASURES.values()]
    for code, *values in zip(tables[0].classes, *columns, strict=True):
        lines.append(f"| {code} | {' | '.join(map(_text, values))} |")
    header, *rows = total(tables).rows()[: len(tables[0].classes) + 1]
    lines += ["", f"| {' | '.join(header)} |", "|---" * len(header) + "|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def scores_csv(tables: Tables) -> str:
    """Return one line per fold and class."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["fold", "balanced_accuracy", "class", *(name.lower() for name in MEASURES)])
    for number, table in enumerate(tables, 1):
        values = (getattr(table, attribute) for attribute in MEASURES.values())
        for code, *scores in zip(table.classes, *values, strict=True):
            writer.writerow([number, f"{table.balanced_accuracy:.4f}", code, *(f"{s:.4f}" for s in scores)])
    return text.getvalue()


def _per_class(tables: Tables, attribute: str) -> NDArray[np.float64]:
    return np.array([getattr(table, attribute) for table in tables])


def _spread(values: NDArray) -> dict[str, float | None]:
    known = values[~np.isnan(values)]
    if not known.size:
        return {"mean": None, "sd": None, "worst": None}
    return {name: round(float(f(known)), 4) for name, f in _SPREAD.items()}


_SPREAD = {"mean": np.mean, "sd": np.std, "worst": np.min}


def _text(values: NDArray) -> str:
    known = values[~np.isnan(values)]
    if not known.size:
        return "–"
    return f"{known.mean():.3f}" + (f" ± {known.std():.3f}" if len(known) > 1 else "")
