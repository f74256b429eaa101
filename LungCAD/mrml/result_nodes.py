"""The nodes that show what label propagation found."""

from __future__ import annotations

from dataclasses import dataclass, fields

import slicer

from LungCAD.mrml.nodes import is_present


@dataclass
class ResultNodes:
    """One result; None for what was never made or is no longer in the scene.

    labels : one segment per class. uncertainty : 0 certain to 1. provenance : values of
    `LungCAD.labels.Provenance`. measurements : ml and per cent per class and region. along_z : shares of the
    classes from feet to head.
    """

    labels: slicer.vtkMRMLSegmentationNode | None = None
    uncertainty: slicer.vtkMRMLScalarVolumeNode | None = None
    provenance: slicer.vtkMRMLScalarVolumeNode | None = None
    measurements: slicer.vtkMRMLTableNode | None = None
    along_z: slicer.vtkMRMLPlotChartNode | None = None

    @classmethod
    def names(cls) -> list[str]:
        """Return the names of the members."""
        return [field.name for field in fields(cls)]

    def present(self) -> ResultNodes:
        """Return the nodes that are still in the scene."""
        return ResultNodes(**{name: node if is_present(node) else None for name, node in vars(self).items()})
