"""In Slicer the Qt application makes a subject hierarchy item for every new data node."""

from __future__ import annotations

from typing import Any

import slicer
import vtk

DATA = (
    "vtkMRMLVolumeNode", "vtkMRMLSegmentationNode", "vtkMRMLMarkupsNode", "vtkMRMLModelNode",
    "vtkMRMLTableNode", "vtkMRMLTransformNode", "vtkMRMLTextNode", "vtkMRMLPlotChartNode",
    "vtkMRMLPlotSeriesNode",
)  # fmt: skip


def add_items_for_new_nodes(scene: Any) -> None:
    @vtk.calldata_type(vtk.VTK_OBJECT)
    def added(scene: Any, event: str, node: Any) -> None:
        if node.GetHideFromEditors() or not any(node.IsA(kind) for kind in DATA):
            return
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
        if hierarchy is not None and not hierarchy.GetItemByDataNode(node):
            hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)

    scene.AddObserver(slicer.vtkMRMLScene.NodeAddedEvent, added)
