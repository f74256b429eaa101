"""A review in the scene: text nodes beside the labels, so that a saved scene carries all of it."""

from __future__ import annotations

from pathlib import Path

import slicer

from LungCAD.errors import InputError
from LungCAD.mrml.nodes import add_node, place_beside
from LungCAD.review import Review, ledger_text, restore, voxels_text, whose
from LungCAD.review.ledger import parse
from LungCAD.review.method_folder import folder_name, is_of_method
from LungCAD.steps import Steps, finish

LEDGER, VOXELS = "LungCAD.ReviewLedger", "LungCAD.ReviewVoxels"
"""Roles of the text nodes: node references of the segmentation that is under review."""

SHOWN = "LungCAD.ReviewShown"
"""Attribute of the labels: digest of what the review recorded or wrote last; what differs was painted."""


def forget_shown(labels: slicer.vtkMRMLSegmentationNode) -> None:
    """The labels were written by a method: they are not those of the review that the scene carries."""
    labels.RemoveAttribute(SHOWN)


def carried_entry(review: Review, labels: slicer.vtkMRMLSegmentationNode) -> int | None:
    """Return the number of the last entry in the scene's copy of an open review.

    After it the segments were as the review has them. None where a method has written to them since, or an
    earlier version made the copy.
    """
    number = labels.GetNodeReference(LEDGER).GetText().count("\n")
    return number if labels.GetAttribute(SHOWN) == review.entries[number - 1].mask else None


def keep_in_scene(review: Review, labels: slicer.vtkMRMLSegmentationNode) -> None:
    """Write the present ledger, and the voxels that it names, to the text nodes of the labels."""
    finish(keep_in_steps(review, labels))


def keep_in_steps(review: Review, labels: slicer.vtkMRMLSegmentationNode) -> Steps[None]:
    """Do as `keep_in_scene`, yielding now and then."""
    _node(labels, LEDGER, "review").SetText(ledger_text(review))
    yield 0.0
    text = voxels_text(review)
    yield 0.5
    _node(labels, VOXELS, "review voxels").SetText(text)
    labels.SetAttribute(SHOWN, review.state.masks.digest)


def add_to_scene(review: Review, labels: slicer.vtkMRMLSegmentationNode) -> None:
    """Do so for the last entry alone, where the text nodes hold all before it."""
    if not has_review(labels):
        keep_in_scene(review, labels)
        return
    _node(labels, LEDGER, "review").SetText(ledger_text(review))
    new = voxels_text(review, first=len(review.entries))
    if new:
        node = _node(labels, VOXELS, "review voxels")
        node.SetText(node.GetText() + new)
    labels.SetAttribute(SHOWN, review.state.masks.digest)


def move_review(
    review: Review, source: slicer.vtkMRMLSegmentationNode, target: slicer.vtkMRMLSegmentationNode
) -> None:
    """Let the scene carry an open review beside `target`, which shows its labels, not beside `source`."""
    for role in (LEDGER, VOXELS):
        target.SetNodeReferenceID(role, source.GetNodeReferenceID(role))
        source.SetNodeReferenceID(role, None)
    forget_shown(source)
    target.SetAttribute(SHOWN, review.state.masks.digest)


def has_review(labels: slicer.vtkMRMLSegmentationNode) -> bool:
    """Tell whether the scene carries a review of these labels."""
    return labels.GetNodeReference(LEDGER) is not None and labels.GetNodeReference(VOXELS) is not None


def whose_review(labels: slicer.vtkMRMLSegmentationNode) -> tuple[str, str]:
    """Return the scan (its pseudonym) and the reader of the review that the scene carries.

    Raises
    ------
    InputError
        What the scene carries is damaged.
    """
    return whose(labels.GetNodeReference(LEDGER).GetText())


def labels_under_review(
    volume: slicer.vtkMRMLVolumeNode, reader: str, model: str
) -> slicer.vtkMRMLSegmentationNode | None:
    """Return the newest labels of a scan beside which the scene carries a reader's review; None without any.

    model : of which method's result, as in `LungCAD.review.method_folder.find_review`.
    """
    for labels in reversed(slicer.util.getNodesByClass("vtkMRMLSegmentationNode")):
        scan = labels.GetNodeReference(labels.GetReferenceImageGeometryReferenceRole())
        if scan is volume and has_review(labels) and _is_by(labels, reader, model):
            return labels
    return None


def _is_by(labels: slicer.vtkMRMLSegmentationNode, reader: str, model: str) -> bool:
    try:
        entries, _ = parse(labels.GetNodeReference(LEDGER).GetText(), labels.GetName())
    except InputError:  # nobody can tell whose it is
        return False
    own = folder_name(reader)
    return bool(entries) and folder_name(entries[0].reviewer) == own and is_of_method(entries, model)


def restore_from_scene(labels: slicer.vtkMRMLSegmentationNode, folder: Path | str) -> Path:
    """Put the review that the scene carries into `folder`, or beside it; return where it is.

    Raises
    ------
    InputError
        What the scene carries is damaged, or the folder cannot be written; as `LungCAD.review.restore`.
    """
    return restore(*(labels.GetNodeReference(role).GetText() for role in (LEDGER, VOXELS)), folder)


def _node(labels: slicer.vtkMRMLSegmentationNode, role: str, name: str) -> slicer.vtkMRMLTextNode:
    node = labels.GetNodeReference(role)
    if node is None:
        node = add_node("vtkMRMLTextNode", f"{labels.GetName()} {name}")
        node.SetHideFromEditors(True)
        place_beside(node, labels)
        labels.SetNodeReferenceID(role, node.GetID())
    return node
