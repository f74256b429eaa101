"""What was painted into a result while no review of it was open."""

from __future__ import annotations

import slicer

from LungCAD.mrml.nodes import add_node, is_present, place_beside
from LungCAD.mrml.segments import were_painted_since


def keep_painted(labels: slicer.vtkMRMLSegmentationNode | None) -> str:
    """Copy labels that somebody painted on to a segmentation of their own, before another result comes.

    Return the name of the copy. Nothing is copied, and nothing returned, where nobody painted since labels
    came or their review was left, and where there is no such node any more.
    """
    if not is_present(labels) or not were_painted_since(labels):
        return ""
    copy = add_node("vtkMRMLSegmentationNode", f"{labels.GetName()} as painted")
    with slicer.util.NodeModify(copy):
        place_beside(copy, labels)
        scan = labels.GetNodeReference(labels.GetReferenceImageGeometryReferenceRole())
        if scan is not None:
            copy.SetReferenceImageGeometryParameterFromVolumeNode(scan)
        copy.GetSegmentation().DeepCopy(labels.GetSegmentation())
        copy.CreateDefaultDisplayNodes()
        copy.GetDisplayNode().SetVisibility(False)
    return copy.GetName()
