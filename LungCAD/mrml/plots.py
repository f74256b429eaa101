"""Plots of the scene: the share of every class along the patient's axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
import slicer

from LungCAD.labels import Schema
from LungCAD.mrml.nodes import present_or_new
from LungCAD.mrml.tables import show_table
from LungCAD.report.slices import AxialStack, count_classes
from LungCAD.steps import Steps, finish, slabs

TABLE = "LungCAD.Table"
"""Under this role a chart refers to the table of its numbers."""

POSITION = "Position (mm)"
UNLABELLED = "Undecided or unlabelled"
COUNTED_BYTES = 2 << 20
"""Counted at a time: some milliseconds."""

MARKERS = {
    False: slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone,
    True: slicer.vtkMRMLPlotSeriesNode.MarkerStyleCircle,
}
MARKER_SIZE = 5

UNLABELLED_COLOR = (0.6, 0.63, 0.65)


@dataclass(frozen=True)
class Curve:
    """A column of a table as a line. color : 0..1. points : whether each number is marked, to be clicked."""

    heading: str
    color: tuple[float, float, float]
    dashed: bool = False
    points: bool = False


def show_along_z(
    labels: sitk.Image,
    lungs: sitk.Image,
    schema: Schema,
    chart: slicer.vtkMRMLPlotChartNode | None = None,
    name: str = "Classes along the patient's axis",
) -> slicer.vtkMRMLPlotChartNode:
    """Plot which share of the lung each class has on every slice, in a new chart or the given one.

    Positions are the superior coordinates of the slices' centres in mm, from the feet; slices without lung
    are left out, and so are classes that occur nowhere. The chart refers to the table of the numbers as
    `TABLE`, and keeps it when given again.
    """
    return finish(along_z_in_steps(labels, lungs, schema, chart, name))


def along_z_in_steps(
    labels: sitk.Image,
    lungs: sitk.Image,
    schema: Schema,
    chart: slicer.vtkMRMLPlotChartNode | None = None,
    name: str = "Classes along the patient's axis",
) -> Steps[slicer.vtkMRMLPlotChartNode]:
    """Do as `show_along_z`, yielding fractions; the scene changes in the last step only."""
    label_stack, lung_stack = AxialStack(labels), AxialStack(lungs)
    counts = []
    for part in slabs(label_stack.array, COUNTED_BYTES):
        counts.append(count_classes(label_stack.array[part], lung_stack.array[part], schema))
        yield part.stop / len(label_stack)
    columns = _shares(np.concatenate(counts), np.array(lung_stack.positions_mm), schema)
    colors = {label.name: tuple(channel / 255 for channel in label.color) for label in schema.labels}
    curves = [Curve(heading, colors.get(heading, UNLABELLED_COLOR)) for heading in list(columns)[1:]]
    return show_chart(columns, curves, chart, name, "Share of lung (%)", (0, 100))


def show_chart(
    columns: Mapping[str, Sequence[object]],
    curves: Sequence[Curve],
    chart: slicer.vtkMRMLPlotChartNode | None,
    name: str,
    y_title: str,
    y_range: tuple[float, float],
) -> slicer.vtkMRMLPlotChartNode:
    """Plot columns of numbers against the column `POSITION`, in a new chart or the given one.

    The chart refers to the table of the columns as `TABLE`, and keeps it when given again.
    """
    chart = present_or_new(chart, "vtkMRMLPlotChartNode", name)
    old = [chart.GetNthPlotSeriesNode(index) for index in range(chart.GetNumberOfPlotSeriesNodes())]
    table = show_table(columns, chart.GetNodeReference(TABLE), f"{name} (table)")
    with slicer.util.NodeModify(chart):
        chart.SetNodeReferenceID(TABLE, table.GetID())
        chart.RemoveAllPlotSeriesNodeIDs()
        for curve in curves:
            chart.AddAndObservePlotSeriesNodeID(_series(table, curve).GetID())
        chart.SetTitle(name)
        chart.SetXAxisTitle("Position from feet to head (mm)")
        chart.SetYAxisTitle(y_title)
        chart.SetYAxisRangeAuto(False)
        chart.SetYAxisRange(*y_range)
        chart.SetLegendVisibility(True)
    for series in old:
        slicer.mrmlScene.RemoveNode(series)
    return chart


def _shares(counts: np.ndarray, positions_mm: np.ndarray, schema: Schema) -> dict[str, np.ndarray]:
    """Return the columns of the table: positions, and the share of each class that occurs, in per cent."""
    inside = counts.sum(axis=1) > 0
    shares = 100.0 * counts[inside] / counts[inside].sum(axis=1, keepdims=True)
    columns = {POSITION: positions_mm[inside]}
    names = [*(label.name for label in schema.labels), UNLABELLED]
    return columns | {name: share for name, share in zip(names, shares.T, strict=True) if share.any()}


def _series(table: slicer.vtkMRMLTableNode, curve: Curve) -> slicer.vtkMRMLPlotSeriesNode:
    series = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", curve.heading)
    with slicer.util.NodeModify(series):
        series.SetAndObserveTableNodeID(table.GetID())
        series.SetXColumnName(POSITION)
        series.SetYColumnName(curve.heading)
        series.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
        series.SetMarkerStyle(MARKERS[curve.points])
        series.SetMarkerSize(MARKER_SIZE)
        series.SetLineWidth(1 if curve.dashed else 2)
        if curve.dashed:
            series.SetLineStyle(slicer.vtkMRMLPlotSeriesNode.LineStyleDash)
        series.SetColor(curve.color)
    return series
