"""What readers ticked, in the scene: copies of their ledgers beside the findings, saved with them."""

from __future__ import annotations

import slicer

from LungCAD.mrml.nodes import add_node
from LungCAD.review.ticks import reader_folder

LEDGER = "LungCAD.SliceLedger"
"""Role under which findings refer to the copies, one per reader; older than the ticks of regions."""


def carried_ledgers(findings: slicer.vtkMRMLTextNode) -> list[str]:
    """Return the copies of readers' ledgers that the scene carries."""
    return [node.GetText() or "" for node in _nodes(findings)]


def carry_ledger(findings: slicer.vtkMRMLTextNode, text: str) -> None:
    """Let the scene carry this copy of a ledger, in the place of an earlier one of the same reader.

    Those of other readers stay: they may be the only ones.

    Raises
    ------
    InputError
        What the scene carries is damaged.
    """
    if not text:
        return
    same = [node for node in _nodes(findings) if reader_folder(node.GetText() or "") == reader_folder(text)]
    node = same[0] if same else add_node("vtkMRMLTextNode", f"{findings.GetName()} review")
    node.SetText(text)
    if not same:
        node.SetHideFromEditors(True)
        findings.AddNodeReferenceID(LEDGER, node.GetID())


def _nodes(findings: slicer.vtkMRMLTextNode) -> list[slicer.vtkMRMLTextNode]:
    nodes = [
        findings.GetNthNodeReference(LEDGER, n) for n in range(findings.GetNumberOfNodeReferences(LEDGER))
    ]
    return [node for node in nodes if node is not None]
