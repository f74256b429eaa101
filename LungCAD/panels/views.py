"""What the viewer shows; nothing happens where Slicer runs without a main window."""

from __future__ import annotations

from collections.abc import Callable

import slicer

from LungCAD.errors import InputError

UNCERTAINTY_OPACITY = 0.6


def show_over(
    volume: slicer.vtkMRMLVolumeNode,
    heat_map: slicer.vtkMRMLVolumeNode | None,
    fit: bool = False,
    opacity: float = UNCERTAINTY_OPACITY,
) -> None:
    """Show the volume in all slice views, and a heat map over it or none."""
    if slicer.app.layoutManager() is not None:
        slicer.util.setSliceViewerLayers(
            background=volume, foreground=heat_map, foregroundOpacity=opacity, fit=fit
        )


def require_on_display(
    volume: slicer.vtkMRMLVolumeNode, number: int, is_seen: bool, show: Callable[[], None]
) -> None:
    """Raise InputError where a slice, counted from 1, is not seen: it is not what the reader judges.

    It is shown then, so that they can judge it next.
    """
    if not is_seen:
        show_over(volume, None)
        show()
        raise InputError(f"Slice {number}", "was not on display", "Now it is: decide again")


def show_film(film: slicer.vtkMRMLVolumeNode) -> None:
    """Show a radiograph in the red view alone, as it lies in space."""
    manager = slicer.app.layoutManager()
    if manager is None:
        return
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
    manager.sliceWidget("Red").mrmlSliceNode().RotateToVolumePlane(film)
    show_over(film, None, fit=True)


class ViewsAsTheyAre:
    """Layout, planes and fields of view as they are now, to come back to."""

    def __init__(self) -> None:
        manager = slicer.app.layoutManager()
        self._layout = manager.layout if manager is not None else None
        self._slices = [
            (
                view,
                slicer.util.arrayFromVTKMatrix(view.GetSliceToRAS()),
                view.GetFieldOfView(),
                view.GetXYZOrigin(),
            )
            for view in slicer.util.getNodesByClass("vtkMRMLSliceNode")
        ]

    def restore(self) -> None:
        """Come back to them."""
        if self._layout is not None:
            slicer.app.layoutManager().setLayout(self._layout)
        for view, plane, field, origin in self._slices:
            with slicer.util.NodeModify(view):
                slicer.util.updateVTKMatrixFromArray(view.GetSliceToRAS(), plane)
                view.UpdateMatrices()
                view.SetFieldOfView(*field)
                view.SetXYZOrigin(*origin)


def show_table_and_plot(
    table: slicer.vtkMRMLTableNode | None, chart: slicer.vtkMRMLPlotChartNode | None
) -> None:
    """Change to a layout with a table and a plot beside the slices, and show these in it."""
    manager = slicer.app.layoutManager()
    if manager is None:
        return
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotTableView)
    logic = slicer.app.applicationLogic()
    selection = logic.GetSelectionNode()
    if table is not None:
        selection.SetActiveTableID(table.GetID())
        logic.PropagateTableSelection()
    if chart is not None:
        selection.SetActivePlotChartID(chart.GetID())
        logic.PropagatePlotChartSelection()


def draw_segments(segmentation: slicer.vtkMRMLSegmentationNode, volume: slicer.vtkMRMLVolumeNode) -> None:
    """Open the Segment Editor on these nodes."""
    editor = slicer.mrmlScene.GetSingletonNode("SegmentEditor", "vtkMRMLSegmentEditorNode")
    if editor is None:
        editor = slicer.mrmlScene.CreateNodeByClass("vtkMRMLSegmentEditorNode")
        editor.UnRegister(None)
        editor.SetSingletonTag("SegmentEditor")
        editor = slicer.mrmlScene.AddNode(editor)
    with slicer.util.NodeModify(editor):
        editor.SetAndObserveSegmentationNode(segmentation)
        editor.SetAndObserveSourceVolumeNode(volume)
    show_over(volume, None)
    slicer.util.selectModule("SegmentEditor")
