"""Figures of a training, as PNG."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from LungCAD.labels import Schema
from LungCAD.report.plots import LIGHT, paper_figure, plot_confusion, png_bytes
from LungCAD.train.ild.scores import Tables, balanced_accuracies, total


def plot_folds(tables: Tables, schema: Schema) -> bytes:
    """Plot the confusion of all folds, in per cent of the true class."""
    counts = total(tables).counts
    unlabelled = np.zeros((len(counts), 1), counts.dtype)
    return plot_confusion(np.hstack([counts, unlabelled]), schema)


def plot_classes(tables: Tables, schema: Schema) -> bytes:
    """Plot every fold's Dice coefficient per class, in the colours of the schema, and their mean."""
    labels = [schema.by_code(code) for code in tables[0].classes]
    figure, axes = paper_figure(1.6 + 0.8 * len(labels), 3.4, LIGHT)
    for position, label in enumerate(labels):
        dice = [table.f_score[position] for table in tables]
        color = np.array(label.color) / 255
        axes.plot([position] * len(dice), dice, "o", color=color, markersize=7, clip_on=False)
        axes.hlines(np.nanmean(dice), position - 0.3, position + 0.3, color=LIGHT.ink, linewidth=1.5)
    names = [label.name for label in labels]
    axes.set_xticks(range(len(names)), names, rotation=35, ha="right", rotation_mode="anchor")
    accuracy = balanced_accuracies(tables).mean()
    axes.set(ylim=(0, 1), ylabel="Dice", title=f"Balanced accuracy {accuracy:.3f}")
    return png_bytes(figure)


def plot_history(history: Sequence[float]) -> bytes:
    """Plot the balanced accuracy on the validation patients from epoch to epoch."""
    figure, axes = paper_figure(4.8, 3.0, LIGHT)
    axes.plot(range(1, len(history) + 1), history, color=LIGHT.accent, marker="o", markersize=3)
    axes.set(
        xlabel="Epoch", ylabel="Balanced accuracy, validation", ylim=(0, 1), xlim=(0.5, len(history) + 0.5)
    )
    axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)  # there is no epoch 1.5
    return png_bytes(figure)
