"""The report: one HTML file that needs no other, to be read on a screen, printed, or heard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from LungCAD.files import write_text
from LungCAD.labels import Provenance
from LungCAD.report.content import ReportContent
from LungCAD.report.figures import make_figures
from LungCAD.report.measurements import BOTH_LUNGS, LUNG_REGIONS, UNLABELLED, ZONE_REGIONS, voxel_volume_ml
from LungCAD.report.page import parameter_rows, render_page
from LungCAD.report.quantities import QUANTITIES
from LungCAD.report.slices import HEALTHY


def write_report(content: ReportContent, path: Path | str, overwrite: bool = False) -> None:
    """Write the report to `path`.

    Raises
    ------
    InputError
        As `LungCAD.files.atomic_path`.
    """
    write_text(path, render_report(content), overwrite)


def render_report(content: ReportContent) -> str:
    """Return the report as HTML text; it loads nothing from anywhere."""
    whole_ml = content.measurements.region_ml[BOTH_LUNGS.code]
    return render_page(
        "report.html",
        content=content,
        figures=make_figures(content),
        both=BOTH_LUNGS,
        lung_regions=LUNG_REGIONS,
        zone_regions=ZONE_REGIONS,
        quantities=QUANTITIES,
        colors={label.code: "rgb({}, {}, {})".format(*label.color) for label in content.schema.labels},
        ml_decimals=0 if whole_ml >= 1000 else 1,
        affected_percent=_affected_percent(content),
        provenance=_provenance_rows(content.provenance),
        parameters=parameter_rows(content.parameters),
    )


def _affected_percent(content: ReportContent) -> float | None:
    shares = content.measurements.of_region(BOTH_LUNGS.code)
    percents = [share.percent for share in shares if share.code not in (HEALTHY, UNLABELLED)]
    return None if None in percents else sum(percents)


def _provenance_rows(provenance: sitk.Image | None) -> list[tuple[str, float]]:
    """Return (origin, ml) for every origin of a label that occurs."""
    if provenance is None:
        return []
    counts = np.bincount(sitk.GetArrayViewFromImage(provenance).ravel(), minlength=len(Provenance))
    voxel_ml = voxel_volume_ml(provenance)
    return [
        (origin.name, float(counts[origin] * voxel_ml))
        for origin in Provenance
        if origin is not Provenance.NONE and counts[origin]
    ]
