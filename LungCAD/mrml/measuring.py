"""The labels under review, measured as the reader has corrected them."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
import slicer
from numpy.typing import NDArray

from LungCAD.labels import Schema
from LungCAD.mrml.label_propagation import ct_inputs
from LungCAD.mrml.plots import along_z_in_steps
from LungCAD.mrml.result_nodes import ResultNodes
from LungCAD.mrml.reviewed_case import ReviewedCase
from LungCAD.mrml.tables import show_measurements
from LungCAD.report.measurements import Measurements
from LungCAD.steps import Steps
from LungCAD.worker import JobResult
from LungCAD.worker.plain import from_plain


def measuring_inputs(
    case: ReviewedCase, lungs: slicer.vtkMRMLNode | None = None
) -> dict[str, Steps[sitk.Image]]:
    """Return the images that the job "measure" takes, each as steps that copy it."""
    masks = case.review.state.masks
    return {
        **ct_inputs(case.labels.volume, lungs),
        "labels": case.labels.image_in_steps(masks.labels),
        "provenance": case.labels.image_in_steps(masks.result_provenance),
    }


def assessed(table: slicer.vtkMRMLTableNode | None, schema: Schema) -> list[int]:
    """Return the values of the classes that a table of measurements has rows of; all without a table."""
    column = table and table.GetTable().GetColumnByName("Class")
    if not column:
        return list(schema.values)
    named = {column.GetValue(row) for row in range(column.GetNumberOfValues())}
    return [label.value for label in schema.labels if label.name in named]


def measured_in_steps(
    result: JobResult, labels: NDArray[np.uint8], case: ReviewedCase, nodes: ResultNodes
) -> Steps[ResultNodes]:
    """Show what the job "measure" told of labels (slices, rows, columns) in the nodes' table and plot."""
    name, schema = case.labels.volume.GetName(), case.labels.schema
    image = yield from case.labels.image_in_steps(labels)
    measurements = from_plain(Measurements, result.data["measurements"])
    nodes.measurements = show_measurements(measurements, nodes.measurements, f"{name} measurements")
    nodes.along_z = yield from along_z_in_steps(
        image, result.images["lungs"], schema, nodes.along_z, f"{name} classes along the patient's axis"
    )
    return nodes
