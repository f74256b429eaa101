"""Which CT findings belong to: every CT has a set of result nodes of its own, saved with the scene."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import slicer

from LungCAD.mrml.nodes import remove_node
from LungCAD.mrml.result_nodes import AnyFindings, FindingNodes

CT = "LungCAD.CT"
"""Role under which findings refer to the CT that they were made on."""

PART = "LungCAD.Part."
"""With the name of a member of the set, the role under which they refer to its node."""

KIND = "LungCAD.Kind"
"""Attribute that names the kind of the set: several methods may look at one CT."""


def bind_findings(nodes: FindingNodes, ct: slicer.vtkMRMLVolumeNode) -> None:
    """Let a set of nodes, whose findings are not None, belong to a CT."""
    parts = dict(vars(nodes))
    findings = parts.pop("findings")
    findings.SetAttribute(KIND, type(nodes).__name__)
    findings.SetNodeReferenceID(CT, ct.GetID())
    for name, node in parts.items():
        findings.SetNodeReferenceID(PART + name, node.GetID() if node is not None else None)


def refer_to(
    findings: slicer.vtkMRMLTextNode, volumes: Mapping[str, slicer.vtkMRMLVolumeNode], *beginnings: str
) -> None:
    """Let findings refer to these volumes by role, and remove those of an earlier result.

    beginnings : of all roles of this kind.
    """
    roles = [findings.GetNthNodeReferenceRole(n) for n in range(findings.GetNumberOfNodeReferenceRoles())]
    for role in roles:
        if role.startswith(beginnings) and role not in volumes:
            old = findings.GetNodeReference(role)
            findings.SetNodeReferenceID(role, None)
            if old is not None:
                remove_node(old)
    for role, volume in volumes.items():
        findings.SetNodeReferenceID(role, volume.GetID())


def belong_to(nodes: FindingNodes, ct: slicer.vtkMRMLVolumeNode | None) -> bool:
    """Tell whether a set of nodes has findings, and they were made on this CT."""
    return nodes.findings is not None and ct is not None and nodes.findings.GetNodeReference(CT) is ct


def findings_on(ct: slicer.vtkMRMLVolumeNode | None, kind: type[AnyFindings]) -> AnyFindings:
    """Return the newest set of this kind that belongs to a CT, one without any node where there is none."""
    for findings in reversed(slicer.util.getNodesByClass("vtkMRMLTextNode")):
        found = kind(findings=findings)
        if findings.GetAttribute(KIND) == kind.__name__ and belong_to(found, ct):
            parts = [name for name in kind.names() if name != "findings"]
            return kind(findings, *(findings.GetNodeReference(PART + name) for name in parts))
    return kind()


def data_of(nodes: FindingNodes) -> dict[str, Any]:
    """Return what the findings say as plain data, also after the scene was saved and loaded; {} without."""
    text = nodes.findings.GetText() if nodes.findings is not None else ""
    return json.loads(text) if text else {}
