"""The files that every labelled CT has."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import SimpleITK as sitk

from LungCAD.images import write_image, write_segmentation
from LungCAD.labels import Schema, load_schema
from LungCAD.report.densitometry import Densitometry
from LungCAD.report.measurements import Measurements
from LungCAD.report.tables import write_densitometry, write_measurements


class LabelledCT(Protocol):
    """What methods for a whole CT have in common; images on the grid of the CT.

    labels : values of a schema. lungs : 1 right, 2 left. uncertainty : 0 to 1.
    """

    labels: sitk.Image
    lungs: sitk.Image
    uncertainty: sitk.Image
    measurements: Measurements
    densitometry: Densitometry


def write_labels_and_tables(folder: Path, result: LabelledCT, schema: Schema) -> None:
    """Write labels, lungs, uncertainty, measurements and densitometry; raises as those who write them."""
    write_segmentation(result.labels, schema, folder / "labels.seg.nrrd")
    write_segmentation(result.lungs, load_schema("lungs"), folder / "lungs.seg.nrrd")
    write_image(result.uncertainty, folder / "uncertainty.nii.gz")
    write_measurements(folder / "measurements.csv", result.measurements)
    write_densitometry(folder / "densitometry.csv", result.densitometry)
