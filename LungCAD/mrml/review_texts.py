"""A review in the scene: text nodes beside the labels, so that a saved scene carries all of it."""

from __future__ import annotations

from pathlib import Path

import slicer

from LungCAD.mrml.nodes import add_node, place_beside
from LungCAD.review import Review, ledger_text, restore, voxels_text

LEDGER, VOXELS = "LungCAD.ReviewLedger", "LungCAD.ReviewVoxels"
"""Roles of the text nodes: node references of the segmentation that is under review."""


def keep_in_scene(review: Review, labels: slicer.vtkMRMLSegmentationNode) -> None:
    """Write the present ledger, and the voxels that it names, to the text nodes of the labels."""
    _write(labels, LEDGER, "review", ledger_text(review))
    last = review.entries[-1]
    if last.object or labels.GetNodeReference(VOXELS) is None:
        _write(labels, VOXELS, "review voxels", voxels_text(review))


def has_review(labels: slicer.vtkMRMLSegmentationNode) -> bool:
    """Tell whether the scene carries a review of these labels."""
    return labels.GetNodeReference(LEDGER) is not None and labels.GetNodeReference(VOXELS) is not None


def restore_from_scene(labels: slicer.vtkMRMLSegmentationNode, folder: Path | str) -> Path:
    """Put the review that the scene carries into `folder`, or beside it; return where it is.

    Raises
    ------
    InputError
        What the scene carries is damaged, or the folder cannot be written; as `LungCAD.review.restore`.
    """
    return restore(*(labels.GetNodeReference(role).GetText() for role in (LEDGER, VOXELS)), folder)


def _write(labels: slicer.vtkMRMLSegmentationNode, role: str, name: str, text: str) -> None:
    node = labels.GetNodeReference(role)
    if node is None:
        node = add_node("vtkMRMLTextNode", f"{labels.GetName()} {name}")
        node.SetHideFromEditors(True)
        place_beside(node, labels)
        labels.SetNodeReferenceID(role, node.GetID())
    node.SetText(text)
