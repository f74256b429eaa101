"""Figures of a training, as PNG."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from LungCAD.labels import Schema
from LungCAD.report.plots import plot_confusion
from LungCAD.train.ild.scores import Tables, balanced_accuracies, total

DPI = 150


def plot_folds(tables: Tables, schema: Schema) -> bytes:
    """Plot the confusion of all folds, in per cent of the true class."""
    counts = total(tables).counts
    unlabelled = np.zeros((len(counts), 1), counts.dtype)
    return plot_confusion(np.hstack([counts, unlabelled]), schema)


def plot_classes(tables: Tables, schema: Schema) -> bytes:
    """Plot every fold's Dice coefficient per class, in the colours of the schema, and their mean."""
    figure = Figure(figsize=(1.6 + 0.8 * len(tables[0].classes), 3.4), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    labels = [schema.by_code(code) for code in tables[0].classes]
    for position, label in enumerate(labels):
        dice = [table.f_score[position] for table in tables]
        color = np.array(label.color) / 255
        axes.plot([position] * len(dice), dice, "o", color=color, markersize=7, alpha=0.8)
        axes.hlines(np.nanmean(dice), position - 0.3, position + 0.3, color="#24292f", linewidth=1.5)
    names = [label.name for label in labels]
    axes.set_xticks(range(len(names)), names, rotation=35, ha="right", rotation_mode="anchor")
    accuracy = balanced_accuracies(tables).mean()
    axes.set(ylim=(0, 1), ylabel="Dice", title=f"Balanced accuracy {accuracy:.3f}")
    return _png(figure)


def plot_history(history: Sequence[float]) -> bytes:
    """Plot the balanced accuracy on the validation patients from epoch to epoch."""
    figure = Figure(figsize=(4.8, 3.0), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.plot(range(1, len(history) + 1), history, color="#0a5fb4", marker="o", markersize=3)
    axes.set(xlabel="Epoch", ylabel="Balanced accuracy, validation", ylim=(0, 1))
    axes.grid(color="#d8dee4")
    return _png(figure)


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
