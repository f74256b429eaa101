"""Curves of the checks of heat maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from LungCAD.report.plots import DPI, LIGHT, Paper, dress, png_bytes
from LungCAD.report.signs import MapCheck

WIDTH, HEIGHT, AXIS_LABEL = 6.4, 1.6, 0.45
"""Inches of the plot, of every network's part of it, and of the words below."""

DASHES = (0, (4, 3))


def plot_checks(checks: Sequence[MapCheck], paper: Paper = LIGHT) -> bytes:
    """Plot the probability while pixels go (left) and come (right), one network below the other."""
    size = (WIDTH, HEIGHT * len(checks) + AXIS_LABEL)
    figure = Figure(figsize=size, dpi=DPI, facecolor=paper.page, layout="constrained")
    FigureCanvasAgg(figure)
    rows = figure.subplots(len(checks), 2, sharex=True, sharey=True, squeeze=False)
    for check, pair in zip(checks, rows, strict=True):
        for title, curve, axes in zip(
            ("Deletion", "Insertion"), (check.deletion, check.insertion), pair, strict=True
        ):
            dress(axes, paper)
            percent = np.linspace(0, 100, len(curve.probability))
            axes.plot(percent, curve.by_chance, color=paper.ink, linewidth=1.2, linestyle=DASHES)
            axes.plot(percent, curve.probability, color=paper.accent, linewidth=2)
            axes.set_title(f"{title}, {check.axis}", loc="left", fontsize=10, color=paper.ink, pad=3)
            axes.set(xlim=(0, 100), ylim=(-0.03, 1.03), yticks=(0, 0.5, 1))
    for axes, word in zip(rows[-1], ("taken away", "put in"), strict=True):
        axes.set_xlabel(f"Pixels {word} (%)")
    return png_bytes(figure)
