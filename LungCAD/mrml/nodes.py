"""Nodes of the scene: held by whoever made them, never looked up again by their ID."""

from __future__ import annotations

import slicer


def is_present(node: slicer.vtkMRMLNode | None) -> bool:
    """Tell whether a node that somebody holds is still in the scene.

    IDs are given again after the scene was closed; a node that is held cannot be mistaken.
    """
    return node is not None and bool(slicer.mrmlScene.IsNodePresent(node))


def add_node(class_name: str, name: str) -> slicer.vtkMRMLNode:
    """Add a node under a name that no other node has: "CT labels", "CT labels_1" and so on."""
    return slicer.mrmlScene.AddNewNodeByClass(class_name, slicer.mrmlScene.GenerateUniqueName(name))


def present_or_new(node: slicer.vtkMRMLNode | None, class_name: str, name: str) -> slicer.vtkMRMLNode:
    """Return the node that somebody holds if it is still in the scene, else a new one."""
    return node if is_present(node) else add_node(class_name, name)


def remove_node(node: slicer.vtkMRMLDisplayableNode) -> None:
    """Remove a node with what the scene would keep of it: displays, legends among them, and storage."""
    for part in [*map(node.GetNthDisplayNode, range(node.GetNumberOfDisplayNodes())), node.GetStorageNode()]:
        if part is not None:
            slicer.mrmlScene.RemoveNode(part)
    slicer.mrmlScene.RemoveNode(node)


def place_beside(node: slicer.vtkMRMLNode, neighbour: slicer.vtkMRMLNode) -> None:
    """Put `node` into the study or folder of `neighbour`, and under the same transform if it takes one."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    if hierarchy:
        item, other = (hierarchy.GetItemByDataNode(each) for each in (node, neighbour))
        if item and other:
            hierarchy.SetItemParent(item, hierarchy.GetItemParent(other))
    if isinstance(node, slicer.vtkMRMLTransformableNode):
        transform = neighbour.GetParentTransformNode()
        node.SetAndObserveTransformNodeID(transform.GetID() if transform else None)
