"""Curves of a detector: ROC, and precision against recall."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from LungCAD.labels import Label
from LungCAD.report.plots import DPI, LIGHT, Paper, dress, png_bytes


def plot_detection_curves(
    scores: NDArray, present: NDArray[np.bool_], diseases: Sequence[Label], paper: Paper = LIGHT
) -> bytes:
    """Plot both curves of every disease, in its colour; one that all slices or none show has none.

    scores, present : (N, C).
    """
    figure = Figure(figsize=(10.6, 5.6), dpi=DPI, facecolor=paper.page, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    for axes in (left, right):
        dress(axes, paper)
        axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
    for column, truth, disease in zip(scores.T, present.T, diseases, strict=True):
        if not 0 < truth.sum() < len(truth):
            continue
        color = tuple(channel / 255 for channel in disease.color)
        false, true, _ = roc_curve(truth, column)
        area = roc_auc_score(truth, column)
        left.plot(false, true, color=color, linewidth=2, label=f"{disease.name} ({area:.3f})")
        precision, recall, _ = precision_recall_curve(truth, column)
        mean = average_precision_score(truth, column)
        right.plot(recall, precision, color=color, linewidth=2, label=f"{disease.name} ({mean:.3f})")
    left.plot((0, 1), (0, 1), color=paper.grid, linewidth=1)
    left.set(xlabel="False positive rate", ylabel="True positive rate")
    right.set(xlabel="Recall", ylabel="Precision")
    _legend(left, "Area under the curve", paper)
    _legend(right, "Average precision", paper)
    return png_bytes(figure)


def _legend(axes: Axes, title: str, paper: Paper) -> None:
    """Name the curves below the axes, where they hide none."""
    if axes.get_legend_handles_labels()[0]:
        below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.12), "ncols": 2}
        legend = axes.legend(title=title, frameon=False, labelcolor=paper.ink, fontsize=9, **below)
        legend.get_title().set_color(paper.ink)
