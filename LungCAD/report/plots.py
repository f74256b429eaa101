"""Plots of the report, as PNG bytes on light or dark paper."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from LungCAD.labels import Schema
from LungCAD.report.evaluation import Expansion, RiskCoverage


@dataclass(frozen=True)
class Paper:
    """Colours of a plot: the page, text and axes, the grid, and the one line or map."""

    page: str
    ink: str
    grid: str
    accent: str
    color_map: str


LIGHT = Paper("#ffffff", "#24292f", "#d8dee4", "#0a5fb4", "Blues")
DARK = Paper("#161b22", "#e6edf3", "#3a424c", "#6cb6ff", "Blues_r")
UNLABELLED_COLOR = "#9aa0a6"
DPI = 150


def plot_along_z(
    positions_mm: Sequence[float], counts: np.ndarray, schema: Schema, paper: Paper = LIGHT
) -> bytes:
    """Plot the share of every label per slice, stacked, against the superior coordinate.

    `counts` is (slices, labels + 1) as `LungCAD.report.slices.count_classes` gives it; slices without lung
    stay empty.
    """
    areas = counts.sum(axis=1)
    inside = np.flatnonzero(areas)
    names = [*(label.name for label in schema.labels), "Undecided or unlabelled"]
    colors = [*(tuple(channel / 255 for channel in label.color) for label in schema.labels), UNLABELLED_COLOR]
    present = [index for index in range(len(names)) if counts[:, index].any()]
    figure, axes = paper_figure(10.6, 3.6, paper)
    if inside.size:
        first, last = inside[0], inside[-1]
        edges = slice_edges(positions_mm)[first : last + 2]
        shares = 100.0 * counts[first : last + 1] / np.maximum(areas[first : last + 1, None], 1)
        bottom = np.zeros(len(shares))
        for index in present:
            top = bottom + shares[:, index]
            axes.stairs(top, edges, baseline=bottom, fill=True, color=colors[index], label=names[index])
            bottom = top
        axes.margins(x=0)
        handles, labels = axes.get_legend_handles_labels()
        axes.legend(
            handles[::-1],
            labels[::-1],
            loc="center left",
            bbox_to_anchor=(1.01, 0.5),
            frameon=False,
            labelcolor=paper.ink,
        )
    axes.set(
        xlabel="Inferior  ←  position along the patient's axis (mm)  →  superior",
        ylabel="Share of lung (%)",
        ylim=(0, 100),
    )
    return png_bytes(figure)


def plot_risk_coverage(curve: RiskCoverage, paper: Paper = LIGHT) -> bytes:
    """Plot the error rate among the most confident voxels against their share."""
    figure, axes = paper_figure(4.8, 3.4, paper)
    axes.plot(100 * curve.coverage, 100 * curve.risk, color=paper.accent, linewidth=2)
    axes.set(
        xlabel="Coverage: most confident share (%)",
        ylabel="Risk: wrong labels (%)",
        xlim=(0, 100),
        ylim=(0, max(100 * curve.risk.max() * 1.1, 1)),
    )
    return png_bytes(figure)


def plot_expansion(curve: Expansion, paper: Paper = LIGHT) -> bytes:
    """Plot how many voxels per drawn voxel reach each posterior."""
    figure, axes = paper_figure(4.8, 3.4, paper)
    axes.plot(curve.threshold, curve.factor, color=paper.accent, linewidth=2)
    axes.set(
        xlabel="Least posterior that is kept",
        ylabel="Labelled per drawn voxel",
        xlim=(0, 1),
        ylim=(0, max(curve.factor.max() * 1.05, 1)),
    )
    return png_bytes(figure)


def plot_confusion(counts: np.ndarray, schema: Schema, paper: Paper = LIGHT) -> bytes:
    """Plot a confusion matrix in per cent of its rows.

    `counts` is (labels, labels + 1), true by given, as `LungCAD.report.evaluation.confusion_matrix` gives it.
    """
    totals = counts.sum(axis=1, keepdims=True)
    percent = 100 * counts / np.maximum(totals, 1)
    names = [label.name for label in schema.labels]
    given = [*names, "Unlabelled"] if counts[:, -1].any() else names
    percent = percent[:, : len(given)]
    figure, axes = paper_figure(2.2 + 0.5 * len(given), 1.8 + 0.4 * len(names), paper)
    axes.grid(visible=False)
    picture = axes.imshow(percent, cmap=paper.color_map, vmin=0, vmax=100, aspect="auto")
    for row, column in np.ndindex(*percent.shape):
        red, green, blue, _ = picture.cmap(percent[row, column] / 100)
        on_dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
        text = f"{percent[row, column]:.0f}" if totals[row] else "–"
        axes.text(column, row, text, ha="center", va="center", color="white" if on_dark else "black")
    axes.set_xticks(range(len(given)), given, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="Given label (% of the true label)", ylabel="True label")
    return png_bytes(figure)


def slice_edges(positions_mm: Sequence[float]) -> np.ndarray:
    """Return where slices meet: half-way between their centres, and as far beyond the first and last."""
    centres = np.asarray(positions_mm, dtype=float)
    if centres.size == 1:
        return centres[0] + np.array([-0.5, 0.5])
    half = np.diff(centres) / 2
    return np.concatenate([centres[:1] - half[0], centres[:-1] + half, centres[-1:] + half[-1]])


def paper_figure(width: float, height: float, paper: Paper) -> tuple[Figure, Axes]:
    """Return a figure of so many inches with one pair of axes, in the colours of the paper."""
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor=paper.page, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    dress(axes, paper)
    return figure, axes


def dress(axes: Axes, paper: Paper) -> None:
    """Give axes the colours of the paper, and a quiet grid."""
    axes.set_facecolor(paper.page)
    axes.grid(color=paper.grid, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=paper.ink, labelsize=9)
    axes.xaxis.label.set_color(paper.ink)
    axes.yaxis.label.set_color(paper.ink)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(paper.grid)


def png_bytes(figure: Figure) -> bytes:
    """Return the figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
