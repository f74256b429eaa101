from __future__ import annotations

from typing import Any

import slicer
import vtk
from PySide6 import QtCore

from Testing.host.application.layouts import description_of, slice_views_of
from Testing.host.application.qMRMLPlotWidget import qMRMLPlotWidget
from Testing.host.application.qMRMLSliceWidget import qMRMLSliceWidget
from Testing.host.pythonqt.properties import like_cpp

SLICES = {
    "Red": ("Axial", "R", (0.953, 0.290, 0.200)),
    "Green": ("Coronal", "G", (0.431, 0.690, 0.294)),
    "Yellow": ("Sagittal", "Y", (0.929, 0.835, 0.298)),
}

WITH_PLOT = {
    value for name, value in vars(slicer.vtkMRMLLayoutNode).items() if "Layout" in name and "Plot" in name
}


@like_cpp
class qSlicerLayoutManager(QtCore.QObject):
    """Three slice views, drawn when somebody looks; a plot from when a layout first has one; no 3-D view.

    Slice nodes tell whether the layout has their view (`IsMappedInLayout`).
    """

    layoutChanged = QtCore.Signal(int)

    def __init__(self, application_logic: Any, scene: Any) -> None:
        super().__init__()
        self._application_logic = application_logic
        self._scene = scene
        self._layout_node = scene.AddNode(slicer.vtkMRMLLayoutNode())
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene)
        self._logics = vtk.vtkCollection()
        self._widgets: dict[str, qMRMLSliceWidget] = {}
        self._plots: list[qMRMLPlotWidget] = []
        for name, (orientation, label, color) in SLICES.items():
            logic = slicer.vtkMRMLSliceLogic()
            logic.SetMRMLApplicationLogic(application_logic)
            logic.SetMRMLScene(scene)
            node = logic.AddSliceNode(name)
            node.SetOrientation(orientation)
            node.SetLayoutLabel(label)
            node.SetLayoutColor(*color)
            node.SetDimensions(400, 400, 1)
            self._logics.AddItem(logic)
            self._widgets[name] = qMRMLSliceWidget(logic)
            self._widgets[name].setMRMLScene(scene)
        application_logic.SetSliceLogics(self._logics)
        self.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView)

    def mrmlScene(self) -> Any:
        return self._scene

    def mrmlSliceLogics(self) -> Any:
        return self._logics

    def sliceViewNames(self) -> tuple[str, ...]:
        return tuple(self._widgets)

    def sliceWidget(self, name: str) -> qMRMLSliceWidget | None:
        return self._widgets.get(name)

    def plotWidget(self, index: int) -> qMRMLPlotWidget | None:
        return self._plots[index] if 0 <= index < len(self._plots) else None

    def setLayout(self, layout: int) -> None:
        if layout in WITH_PLOT and not self._plots:
            self._plots.append(qMRMLPlotWidget())
        if not self._layout_node.IsLayoutDescription(layout):
            self._layout_node.AddLayoutDescription(layout, description_of(layout))
        self._layout_node.SetViewArrangement(layout)
        for name, widget in self._widgets.items():
            widget.mrmlSliceNode().SetMappedInLayout(name in slice_views_of(layout))
        self.layoutChanged.emit(layout)

    def resetSliceViews(self) -> None:
        for widget in self._widgets.values():
            widget.fitSliceToBackground()

    def resetThreeDViews(self) -> None:
        """There is no 3-D view to reset."""

    def pauseRender(self) -> None:
        """Views are drawn when a picture of them is taken."""

    def resumeRender(self) -> None:
        """See pauseRender."""

    layout = QtCore.Property(int, lambda self: self._layout_node.GetViewArrangement(), setLayout)
    threeDViewCount = QtCore.Property(int, lambda self: 0)
    tableViewCount = QtCore.Property(int, lambda self: 0)
    plotViewCount = QtCore.Property(int, lambda self: len(self._plots))
