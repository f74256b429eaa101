"""Curves of diseases along a scan."""

from __future__ import annotations

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from LungCAD.report.findings import Findings
from LungCAD.report.plots import DPI, LIGHT, Paper, dress, png_bytes, slice_edges

WIDTH, HEIGHT, AXIS_LABEL = 10.6, 1.35, 0.45
"""Inches of the plot, of every disease's part of it, and of the words below."""


def plot_curves(findings: Findings, paper: Paper = LIGHT) -> bytes:
    """Plot the probability of every disease against the superior coordinate, one below the other."""
    diseases = findings.diseases
    size = (WIDTH, HEIGHT * len(diseases) + AXIS_LABEL)
    figure = Figure(figsize=size, dpi=DPI, facecolor=paper.page, layout="constrained")
    FigureCanvasAgg(figure)
    positions = np.array([reading.z_mm for reading in findings.slices])
    edges = slice_edges(positions)
    judged = np.array([not reading.abstained for reading in findings.slices])
    rows = np.atleast_1d(figure.subplots(len(diseases), sharex=True))
    for number, (disease, axes) in enumerate(zip(diseases, rows, strict=True)):
        dress(axes, paper)
        alone, curve = (
            np.array([getattr(reading, name)[number] for reading in findings.judged])
            for name in ("probability", "smoothed")
        )
        for one in disease.ranges:
            first, last = (int(np.argmin(np.abs(positions - mm))) for mm in (one.from_mm, one.to_mm))
            axes.axvspan(edges[first], edges[last + 1], color=_rgb(disease.color), alpha=0.25, linewidth=0)
        axes.axhline(disease.threshold, color=paper.ink, linewidth=0.9, linestyle=(0, (4, 3)))
        axes.plot(positions[judged], alone, ".", color=paper.ink, markersize=4, alpha=0.55)
        axes.plot(positions[judged], curve, color=_rgb(disease.color), linewidth=2.4)
        axes.set(ylim=(-0.03, 1.03), yticks=(0, 0.5, 1), xlim=(edges[0], edges[-1]))
        axes.set_title(disease.name, loc="left", fontsize=10, color=paper.ink, pad=3)
    rows[-1].set_xlabel("Inferior  ←  position along the patient's axis (mm)  →  superior")
    return png_bytes(figure)


def _rgb(color: tuple[int, int, int]) -> tuple[float, ...]:
    return tuple(channel / 255 for channel in color)
