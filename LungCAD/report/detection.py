"""The report of a scan on which disease was looked for slice by slice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import SimpleITK as sitk

from LungCAD.images import ScanFacts
from LungCAD.parameters import Parameters
from LungCAD.report.detection_pictures import HeatPainter
from LungCAD.report.detection_plots import plot_curves
from LungCAD.report.figures import Figure, picture_figure, plot_figure
from LungCAD.report.findings import Finding, Findings
from LungCAD.report.numbers import format_number
from LungCAD.report.page import parameter_rows, render_page

PICTURES = 6
"""Slices that are shown."""

LIKELY_SCANS = (
    "The scan has it where a slice shows it and that is more likely than not, as is known from other scans; "
    "where a slice shows it and the scan is less likely to have it, it is doubtful."
)
ANY_SLICE = "The scan has it where any slice shows it; the probability is that of the highest slice."
NOT_KNOWN = "Of {} that is not known: the scan has it where any slice shows it, as likely as the highest."


@dataclass(frozen=True)
class DetectionContent:
    """One scan. What is None is left out.

    ct : HU. heat_map : returns where a disease, by its code, was seen: per cent, on the grid of `ct`.
    record : as `LungCAD.report.record.run_record` returns it.
    """

    ct: sitk.Image
    findings: Findings
    parameters: Parameters
    record: Mapping[str, Any]
    facts: ScanFacts | None = None
    warnings: Sequence[str] = ()
    heat_map: Callable[[str], sitk.Image] | None = None


def render_detection(content: DetectionContent) -> str:
    """Return the page as HTML text; it loads nothing from anywhere."""
    return render_page(
        "detection.html",
        content=content,
        verdict=verdict,
        how=_how(content.findings.diseases),
        curves=plot_figure(
            lambda paper: plot_curves(content.findings, paper),
            "Probability of every disease in every slice: alone (dots) and with its neighbours (line). "
            "Dashed: the threshold. Shaded: slices that show the disease.",
        ),
        slices=_slices(content),
        parameters=parameter_rows(content.parameters),
    )


def verdict(disease: Finding) -> str:
    """Return in a word or two what is said of a disease."""
    if disease.doubtful:
        return "doubtful"
    return {True: "present", False: "not seen", None: "not said"}[disease.present]


def _how(diseases: Sequence[Finding]) -> str:
    """Say how scans are read: each network knows of some diseases, or of none, how likely scans have them."""
    unknown = [one.name for one in diseases if not one.scan_threshold]
    if len(unknown) == len(diseases):
        return ANY_SLICE
    return f"{LIKELY_SCANS} {NOT_KNOWN.format(', '.join(unknown))}" if unknown else LIKELY_SCANS


def _slices(content: DetectionContent) -> list[Figure]:
    painter = HeatPainter(content.ct, content.findings, content.heat_map)
    figures = []
    for index in content.findings.worth_reading(PICTURES):
        reading = content.findings.slices[index]
        said = [
            f"{disease.name} {format_number(value, 2)}"
            for disease, value in zip(content.findings.diseases, reading.smoothed, strict=True)
        ]
        caption = f"Slice {reading.number}, S {format_number(reading.z_mm)} mm. {', '.join(said)}."
        alt = f"CT and heat maps side by side. {caption}"
        figures.append(picture_figure(painter.picture(index), alt, caption))
    return figures
