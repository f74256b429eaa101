"""Measurements as tables of the scene."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import slicer
import vtk
from vtk.util import numpy_support

from LungCAD.mrml.nodes import present_or_new
from LungCAD.report.measurements import Measurements


def show_measurements(
    measurements: Measurements, node: slicer.vtkMRMLTableNode | None = None, name: str = "Measurements"
) -> slicer.vtkMRMLTableNode:
    """Show volume and share of every class in every region, one row each, in a new table or the given one.

    The share of a region without lung is not a number. Labels that could not be assigned have no rows; they
    are named in the table's description.
    """
    columns = {
        "Region": [share.region.name for share in measurements.shares],
        "Class": [share.name for share in measurements.shares],
        "Volume (ml)": [round(share.volume_ml, 3) for share in measurements.shares],
        "Share of region (%)": [
            np.nan if share.percent is None else round(share.percent, 3) for share in measurements.shares
        ],
    }
    node = show_table(columns, node, name)
    missing = ", ".join(measurements.not_assessed)
    node.SetDescription(f"Not assessed: {missing}" if missing else "")
    return node


def show_table(
    columns: Mapping[str, Sequence[object]], node: slicer.vtkMRMLTableNode | None, name: str
) -> slicer.vtkMRMLTableNode:
    """Show columns of texts or of numbers, by their heading, in a new table node or the given one."""
    table = vtk.vtkTable()
    for heading, values in columns.items():
        table.AddColumn(_column(heading, values))
    node = present_or_new(node, "vtkMRMLTableNode", name)
    with slicer.util.NodeModify(node):
        node.SetAndObserveTable(table)
        node.SetLocked(True)
    return node


def _column(heading: str, values: Sequence[object]) -> vtk.vtkAbstractArray:
    if all(isinstance(value, str) for value in values):
        column = vtk.vtkStringArray()
        for value in values:
            column.InsertNextValue(value)
    else:
        column = numpy_support.numpy_to_vtk(np.asarray(values, dtype=float), deep=True)
    column.SetName(heading)
    return column
