"""The figures of the report: which there are, what they show, and how to say it to who cannot see them."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from LungCAD.report import plots
from LungCAD.report.content import ReportContent
from LungCAD.report.numbers import format_number
from LungCAD.report.pictures import SlicePainter
from LungCAD.report.slices import count_affected, count_classes, mean_uncertainty, pick

PICTURE_GAP = 0.1
"""Pictured slices lie at least this share of the lung's slices apart."""

LARGEST_SHEET = 12
"""Drawn slices on the contact sheet."""

CSS_DPI = 96


@dataclass(frozen=True)
class Figure:
    """An image with its text: PNG as data URI, `dark_source` for dark screens where it differs.

    `width` and `height` in CSS pixels.
    """

    source: str
    alt: str
    caption: str
    width: int
    height: int
    dark_source: str = ""


@dataclass(frozen=True)
class Figures:
    """All figures of a report."""

    affected: list[Figure]
    uncertain: list[Figure]
    along_z: Figure
    contact_sheet: Figure | None
    reliability: list[Figure]


def make_figures(content: ReportContent) -> Figures:
    """Paint every figure that the content allows."""
    painter = SlicePainter(
        content.ct,
        content.lungs,
        content.labels,
        content.schema,
        content.uncertainty,
        content.rois,
        content.style,
    )
    counts = count_classes(painter.labels.array, painter.lungs.array, content.schema)
    doubts = (
        mean_uncertainty(painter.uncertainty, painter.lungs) if painter.uncertainty else np.zeros(len(counts))
    )
    gap = round(PICTURE_GAP * np.count_nonzero(counts.sum(axis=1)))
    affected = pick(count_affected(counts, content.schema), content.pictures, gap)
    uncertain = pick(doubts, content.pictures, gap, affected)
    return Figures(
        affected=[_slice(painter, index, counts[index], doubts[index]) for index in affected],
        uncertain=[_slice(painter, index, counts[index], doubts[index]) for index in uncertain],
        along_z=plot_figure(
            lambda paper: plots.plot_along_z(painter.lungs.positions_mm, counts, content.schema, paper),
            "Share of every label in every slice, from base to apex.",
        ),
        contact_sheet=_contact_sheet(painter),
        reliability=_reliability(content),
    )


def _slice(painter: SlicePainter, index: int, counts: np.ndarray, doubt: float) -> Figure:
    names = [*(label.name for label in painter.schema.labels), "unlabelled"]
    order = [label for label in np.argsort(-counts, kind="stable") if counts[label]]
    shares = [f"{names[label]} {format_number(100 * counts[label] / counts.sum(), 0)} %" for label in order]
    caption = f"{painter.title(index)}. {', '.join(shares)}."
    if doubt > 0:
        caption += f" Mean uncertainty {doubt:.3f}."
    panels = "CT, labels and uncertainty" if painter.uncertainty else "CT and labels"
    return picture_figure(painter.picture(index), f"{panels} side by side. {caption}", caption)


def _contact_sheet(painter: SlicePainter) -> Figure | None:
    if painter.rois is None:
        return None
    drawn = [index for index, rois in enumerate(painter.rois.array) if rois.any()]
    if not drawn:
        return None
    shown = np.unique(np.linspace(0, len(drawn) - 1, LARGEST_SHEET).round().astype(int))
    number = "One slice carries" if len(drawn) == 1 else f"{len(drawn)} slices carry"
    caption = f"{number} drawn regions" + (
        f"; {len(shown)} are shown."
        if len(shown) < len(drawn)
        else ", outlined in the colour of their label."
    )
    sheet = painter.contact_sheet([drawn[index] for index in shown])
    return picture_figure(sheet, f"CT slices with their drawn regions. {caption}", caption)


def _reliability(content: ReportContent) -> list[Figure]:
    figures = []
    if (curve := content.risk_coverage) is not None:
        caption = f"Risk-coverage curve. Of all labels {format_number(100 * curve.risk[-1])} % are wrong."
        figures.append(plot_figure(lambda paper: plots.plot_risk_coverage(curve, paper), caption))
    if (expansion := content.expansion) is not None:
        caption = "Voxels labelled per drawn voxel when labels below a posterior are dropped."
        figures.append(plot_figure(lambda paper: plots.plot_expansion(expansion, paper), caption))
    if (counts := content.confusion) is not None:
        caption = "Confusion matrix: which labels the voxels of every true label were given."
        figures.append(
            plot_figure(lambda paper: plots.plot_confusion(counts, content.schema, paper), caption)
        )
    return figures


def picture_figure(picture: Image.Image, alt: str, caption: str) -> Figure:
    """Return a picture as a figure; `alt` is for who cannot see it."""
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return Figure(_data_uri(buffer.getvalue()), alt, caption, picture.width, picture.height)


def plot_figure(draw: Callable[[plots.Paper], bytes], caption: str) -> Figure:
    """Return a plot, drawn on light and on dark paper, as a figure."""
    light = draw(plots.LIGHT)
    width, height = (round(pixels * CSS_DPI / plots.DPI) for pixels in Image.open(io.BytesIO(light)).size)
    return Figure(_data_uri(light), caption, caption, width, height, _data_uri(draw(plots.DARK)))


def _data_uri(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
