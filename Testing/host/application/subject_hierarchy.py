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


def follow_nodes(scene: Any) -> None:
    """Add an item when a data node comes, remove it when the node goes."""

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def added(scene: Any, event: str, node: Any) -> None:
        if not scene.IsImporting():
            _add_item(scene, node)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def about_to_be_removed(scene: Any, event: str, node: Any) -> None:
        if not scene.IsImporting() and not scene.IsClosing():
            _remove_item(scene, node)

    def imported(scene: Any, event: str) -> None:
        for index in range(scene.GetNumberOfNodes()):
            _add_item(scene, scene.GetNthNode(index))

    events = slicer.vtkMRMLScene
    scene.AddObserver(events.NodeAddedEvent, added)
    scene.AddObserver(events.NodeAboutToBeRemovedEvent, about_to_be_removed)
    scene.AddObserver(events.EndImportEvent, imported, -10.0)  # after the hierarchy has merged what was read


def _add_item(scene: Any, node: Any) -> None:
    if node.GetHideFromEditors() or not any(node.IsA(kind) for kind in DATA):
        return
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    if hierarchy is not None and not hierarchy.GetItemByDataNode(node):
        hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)


def _remove_item(scene: Any, node: Any) -> None:
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    item = hierarchy.GetItemByDataNode(node) if hierarchy is not None else 0
    if item:
        hierarchy.RemoveItem(item, False, False)
