"""Paints as the Segment Editor's effects do, by Slicer's own logic: same masks, same events, same undo."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
from vtk.util.numpy_support import vtk_to_numpy

LOGIC = slicer.vtkSlicerSegmentEditorLogic


class Painter:
    """The hand of a user in the Segment Editor.

    Made from a `qMRMLSegmentEditorWidget` of a panel, or from a segmentation and a volume.
    """

    def __init__(self, target: Any, volume: Any = None) -> None:
        if isinstance(target, slicer.qMRMLSegmentEditorWidget):
            self._logic = target._editor
            return
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentEditorNode")
        self._logic = LOGIC()
        self._logic.SetMRMLScene(slicer.mrmlScene)
        self._logic.SetSegmentEditorNode(node)
        self._logic.SetSegmentationNode(target)
        self._logic.SetSourceVolumeNode(volume)

    @property
    def editor_node(self) -> Any:
        """Overwrite mode and masks are set here."""
        return self._logic.GetSegmentEditorNode()

    def paint(self, segment_id: str, voxels: np.ndarray) -> None:
        """One stroke: the voxels (z, y, x) bool, in the geometry of the source volume, join the segment."""
        self._stroke(segment_id, voxels, LOGIC.ModificationModeAdd)

    def erase(self, segment_id: str, voxels: np.ndarray) -> None:
        """One stroke of the eraser: the voxels (z, y, x) leave the segment."""
        self._stroke(segment_id, voxels, LOGIC.ModificationModeRemove)

    def undo(self) -> None:
        self._logic.Undo()

    def redo(self) -> None:
        self._logic.Redo()

    def _stroke(self, segment_id: str, voxels: np.ndarray, mode: int) -> None:
        self._logic.SaveStateForUndo()
        self._logic.SetCurrentSegmentID(segment_id)
        self._logic.UpdateReferenceGeometryImage()
        self._logic.ResetModifierLabelmapToDefault()
        labelmap = self._logic.GetModifierLabelmap()
        scalars = vtk_to_numpy(labelmap.GetPointData().GetScalars())
        shape = labelmap.GetDimensions()[::-1]
        if voxels.shape != shape:
            raise ValueError(f"voxels has the shape {voxels.shape}, the source volume {shape}")
        scalars[:] = np.asarray(voxels, dtype=bool).ravel()
        labelmap.Modified()
        self._logic.ModifySegmentByLabelmap(
            self._logic.GetSegmentationNode(), segment_id, labelmap, mode, False, False
        )
