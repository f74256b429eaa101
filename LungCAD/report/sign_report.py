"""The report on one scan's signs: one HTML file that needs no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import SimpleITK as sitk

from LungCAD.labels import Schema
from LungCAD.parameters import Parameters
from LungCAD.report.figures import Figure, picture_figure, plot_figure
from LungCAD.report.numbers import format_number
from LungCAD.report.page import parameter_rows, render_page
from LungCAD.report.sign_pictures import paint_peak, paint_projection
from LungCAD.report.sign_plots import plot_checks
from LungCAD.report.signs import (
    MapCheck,
    Peak,
    Picture,
    ScanReading,
    SignReading,
    nothing_present,
    present_signs,
    region_name,
)

MOST_PEAKS = 6
"""Pictured; the table lists all."""


@dataclass(frozen=True)
class SignReport:
    """What the report says.

    ct : the scan. heat_maps : per cent on its grid, by sign. schema : names of the signs. record : as
    `LungCAD.report.record.run_record` returns it.
    """

    ct: sitk.Image
    signs: Sequence[SignReading]
    disease: ScanReading | None
    survival: ScanReading | None
    peaks: Sequence[Peak]
    heat_maps: Mapping[str, sitk.Image]
    pictures: Sequence[Picture]
    checks: Sequence[MapCheck]
    warnings: Sequence[str]
    schema: Schema
    threshold: float
    parameters: Parameters
    record: Mapping[str, Any]


def render_sign_report(content: SignReport) -> str:
    """Return the report as HTML text; it loads nothing from anywhere."""
    names = {label.code: label.name for label in content.schema.labels}
    table: dict[str, dict[str, SignReading]] = {}
    for reading in content.signs:
        table.setdefault(region_name(reading.region), {})[reading.sign] = reading
    present = present_signs(content.signs, content.threshold)
    placed = {(peak.region, peak.sign) for peak in content.peaks}
    return render_page(
        "signs.html",
        content=content,
        names=names | {"disease": "Disease"},
        signs=[code for code in names if any(reading.sign == code for reading in content.signs)],
        table=table,
        present=present,
        nothing_present=nothing_present(content.signs),
        without_place=[
            f"{names[one.sign]}, {region_name(one.region).lower()}"
            for one in present
            if (one.region, one.sign) not in placed
        ],
        region_name=region_name,
        place=place,
        peaks=[_peak_figure(content, peak, names[peak.sign]) for peak in content.peaks[:MOST_PEAKS]],
        check_curves=_check_figures(content.checks, names),
        projections=_projection_figures(content.pictures, names | {"disease": "Disease"}),
        parameters=parameter_rows(content.parameters),
    )


def place(peak: Peak) -> str:
    """Return the position of a peak in mm with the letters that viewers show, such as "L 40, P 12, S 80"."""
    x, y, z = peak.position
    pairs = ((x, "L", "R"), (y, "P", "A"), (z, "S", "I"))
    return ", ".join(
        f"{plus if value >= 0 else minus}\u00a0{format_number(abs(value), 0)}" for value, plus, minus in pairs
    )


def _peak_figure(content: SignReport, peak: Peak, name: str) -> Figure:
    picture = paint_peak(content.ct, content.heat_maps[peak.sign], peak, name)
    caption = f"{name}, {region_name(peak.region).lower()}: {place(peak)} mm."
    return picture_figure(picture, f"Axial slice and the same with the heat map. {caption}", caption)


def _check_figures(checks: Sequence[MapCheck], names: Mapping[str, str]) -> list[Figure]:
    figures = []
    for sign in dict.fromkeys(check.sign for check in checks):
        of_sign = [check for check in checks if check.sign == sign]
        caption = (
            f"{names[sign]}: probability while pixels go and come, hottest first; dashed: in random order."
        )
        figures.append(plot_figure(lambda paper, shown=of_sign: plot_checks(shown, paper), caption))
    return figures


def _projection_figures(pictures: Sequence[Picture], names: Mapping[str, str]) -> dict[str, list[Figure]]:
    figures: dict[str, list[Figure]] = {}
    for picture in pictures:
        caption = f"{names[picture.task]}, {picture.axis} projection {picture.part}".strip() + "."
        caption += " What speaks against it." if picture.against else ""
        figure = picture_figure(paint_projection(picture), f"{caption} Beside it with Grad-CAM.", caption)
        figures.setdefault(names[picture.task], []).append(figure)
    return figures
