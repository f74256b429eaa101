"""Where the slice views look, and how segments are drawn in them."""

from __future__ import annotations

from collections.abc import Sequence

import slicer


def show_point(volume: slicer.vtkMRMLVolumeNode, ras: Sequence[float]) -> None:
    """Let all slice views show the slices of the volume, as they were acquired, through a point in RAS mm.

    Of an oblique scan the views would else show planes that no slice was acquired in.
    """
    for view in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
        modified = view.StartModify()
        view.RotateToVolumePlane(volume)
        view.JumpSliceByOffsetting(*ras)
        view.EndModify(modified)


def show_filled(node: slicer.vtkMRMLSegmentationNode, opacity: float) -> None:
    """Draw the segments of a node filled with this opacity (0..1), and their outlines."""
    display = node.GetDisplayNode()
    display.SetVisibility2DFill(opacity > 0)
    display.SetOpacity2DFill(opacity)
