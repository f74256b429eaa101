"""The nodes that show what a method found."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TypeVar

import slicer

from LungCAD.mrml.nodes import is_present

AnyNodes = TypeVar("AnyNodes", bound="Nodes")
AnyLabels = TypeVar("AnyLabels", bound="LabelNodes")
AnyFindings = TypeVar("AnyFindings", bound="FindingNodes")


@dataclass
class Nodes:
    """Base of dataclasses whose members are nodes; None for what was never made or has left the scene."""

    @classmethod
    def names(cls) -> list[str]:
        """Return the names of the members."""
        return [field.name for field in fields(cls)]

    def present(self: AnyNodes) -> AnyNodes:
        """Return the nodes that are still in the scene."""
        return type(self)(**{name: node if is_present(node) else None for name, node in vars(self).items()})


@dataclass
class LabelNodes(Nodes):
    """Labels of a volume, and what belongs to them."""

    labels: slicer.vtkMRMLSegmentationNode | None = None

    def to_write(self: AnyLabels, volume: slicer.vtkMRMLVolumeNode) -> AnyLabels:
        """Return the nodes that are in the scene, to take a new result of this volume.

        None of them where the labels are of another volume: that one keeps its result.
        """
        present = self.present()
        role = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
        if present.labels is not None and present.labels.GetNodeReference(role) not in (volume, None):
            return type(self)()
        return present


@dataclass
class ResultNodes(LabelNodes):
    """Labels of a CT, whatever made them.

    labels : one segment per class. uncertainty : 0 certain to 1. provenance : values of
    `LungCAD.labels.Provenance`. measurements : ml and per cent per class and region. along_z : shares of the
    classes from feet to head.
    """

    uncertainty: slicer.vtkMRMLScalarVolumeNode | None = None
    provenance: slicer.vtkMRMLScalarVolumeNode | None = None
    measurements: slicer.vtkMRMLTableNode | None = None
    along_z: slicer.vtkMRMLPlotChartNode | None = None


@dataclass
class PropagationNodes(ResultNodes):
    """One result of label propagation. expected_change : 0..1, highest where the next region helps most."""

    expected_change: slicer.vtkMRMLScalarVolumeNode | None = None


@dataclass
class FilmNodes(LabelNodes):
    """Both lungs on one radiograph. labels : right and left lung. probability : of lung, 0..1."""

    probability: slicer.vtkMRMLScalarVolumeNode | None = None


@dataclass
class FindingNodes(Nodes):
    """What a CT shows. findings : all that was found, as text; refers to the CT and to every other node."""

    findings: slicer.vtkMRMLTextNode | None = None


@dataclass
class DetectionNodes(FindingNodes):
    """Disease slice by slice.

    table : one row per slice that something is said of. along_z : probabilities from feet to head.
    """

    table: slicer.vtkMRMLTableNode | None = None
    along_z: slicer.vtkMRMLPlotChartNode | None = None


@dataclass
class SignNodes(FindingNodes):
    """Signs of aspergillosis on one CT.

    table : one row per region. peaks : a point for every sign that is present, where its heat map is highest.
    """

    table: slicer.vtkMRMLTableNode | None = None
    peaks: slicer.vtkMRMLMarkupsFiducialNode | None = None
