"""What a report is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk

from LungCAD.images import ScanFacts, same_geometry
from LungCAD.labels import Schema
from LungCAD.parameters import Parameters
from LungCAD.report.densitometry import Densitometry
from LungCAD.report.evaluation import Expansion, RiskCoverage
from LungCAD.report.measurements import Measurements
from LungCAD.report.pictures import DEFAULT_STYLE, Style


@dataclass(frozen=True)
class ReportContent:
    """Images, numbers and facts of one case. What is None is left out of the report.

    Attributes
    ----------
    title : of the report; it must not name the patient.
    ct : HU. labels, rois : values of `schema`, 0 none. lungs : 0 outside, 1 right, 2 left.
    measurements, densitometry : of these images.
    parameters : that the labels were made with.
    record : as `LungCAD.report.record.run_record` returns it.
    facts : of the scan.
    uncertainty : entropy over its largest value, 0 to 1. provenance : values of `LungCAD.labels.Provenance`.
    warnings : sentences; the cautions of the densitometry need not be among them.
    expansion_factor, expansion, risk_coverage : how far the labels go, and how far they can be trusted.
    confusion : counts against a truth, as `LungCAD.report.evaluation.confusion_matrix` returns them.
    pictures : how many slices of each kind are shown, most affected and most uncertain.

    Raises
    ------
    ValueError
        The images do not lie on one grid.
    """

    title: str
    ct: sitk.Image
    labels: sitk.Image
    lungs: sitk.Image
    schema: Schema
    measurements: Measurements
    densitometry: Densitometry
    parameters: Parameters
    record: Mapping[str, Any]
    facts: ScanFacts | None = None
    uncertainty: sitk.Image | None = None
    rois: sitk.Image | None = None
    provenance: sitk.Image | None = None
    warnings: Sequence[str] = ()
    expansion_factor: float | None = None
    expansion: Expansion | None = None
    risk_coverage: RiskCoverage | None = None
    confusion: np.ndarray | None = None
    style: Style = DEFAULT_STYLE
    pictures: int = 3

    def __post_init__(self) -> None:
        for name in ("labels", "lungs", "uncertainty", "rois", "provenance"):
            image = getattr(self, name)
            if image is not None and not same_geometry(self.ct, image):
                raise ValueError(f"{name} lies on another grid than ct")
