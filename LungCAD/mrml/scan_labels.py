"""Which scan labels belong to: every scan has result nodes of its own, saved with the scene."""

from __future__ import annotations

import slicer

from LungCAD.mrml.result_nodes import AnyLabels, LabelNodes
from LungCAD.mrml.scan_findings import CT

GEOMETRY = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()

MEMBER = "LungCAD.Member"
"""Attribute that names the kind of result and the member that a node is of it."""

ITSELF = "LungCAD.Itself"
"""Role under which such a node refers to itself: a copy refers to the node that it was made of."""


def bind_labels(nodes: LabelNodes, scan: slicer.vtkMRMLVolumeNode) -> None:
    """Let every node of a result belong to a scan; those of its former results of this kind no longer do."""
    for name, node in vars(labels_on(scan, type(nodes))).items():
        if node is not None and node is not getattr(nodes, name):
            node.SetNodeReferenceID(ITSELF, None)  # as that of a copy
    for name, node in vars(nodes).items():
        if node is not None:
            node.SetAttribute(MEMBER, _member(type(nodes), name))
            node.SetNodeReferenceID(CT, scan.GetID())
            node.SetNodeReferenceID(ITSELF, node.GetID())


def labels_on(scan: slicer.vtkMRMLVolumeNode, kind: type[AnyLabels]) -> AnyLabels:
    """Return the result of this kind that belongs to a scan; members that it lacks are None.

    Copies that somebody made of its nodes, to keep them, are not meant. Where there are several, as after a
    review was resumed beside the labels of another reader, the newest are.
    """
    members = {_member(kind, name): name for name in kind.names()}
    found: dict[str, slicer.vtkMRMLNode] = {}
    for node in slicer.util.getNodesByClass("vtkMRMLNode"):
        member = members.get(node.GetAttribute(MEMBER) or "")
        is_original = node.GetNodeReference(ITSELF) is node
        if member is not None and is_original and node.GetNodeReference(CT) is scan:
            found[member] = node
    return kind(**found)


def put_aside(nodes: LabelNodes) -> None:
    """Let a result that belongs to no scan yet, as of an earlier version, belong to that of its geometry."""
    if nodes.labels is not None and not nodes.labels.GetAttribute(MEMBER):
        scan = nodes.labels.GetNodeReference(GEOMETRY)
        if scan is not None:
            bind_labels(nodes, scan)


def show_alone(labels: slicer.vtkMRMLSegmentationNode) -> None:
    """Show labels, and hide those of other results and reviews, which would lie over the same views.

    Copies that somebody made, and what somebody drew, stay as they are.
    """
    from LungCAD.mrml.review_texts import has_review

    for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
        is_result = node.GetAttribute(MEMBER) and node.GetNodeReference(ITSELF) is node
        if node is not labels and (is_result or has_review(node)):
            node.SetDisplayVisibility(False)
    labels.SetDisplayVisibility(True)


def labels_of(nodes: AnyLabels, scan: slicer.vtkMRMLVolumeNode) -> AnyLabels:
    """Return the nodes given, as far as they are in the scene, where they are of a scan; else its own."""
    present = nodes.present()
    if present.labels is None:
        return labels_on(scan, type(nodes))
    is_bound = present.labels.GetAttribute(MEMBER)
    owner = present.labels.GetNodeReference(CT if is_bound else GEOMETRY)
    is_own = owner is scan or (owner is None and not is_bound)
    return present if is_own else labels_on(scan, type(nodes))


def _member(kind: type[LabelNodes], name: str) -> str:
    return f"{kind.__name__}.{name}"
