"""Where the slice views look, and how segments are drawn in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import slicer
from numpy.typing import NDArray

PARALLEL = 0.999
"""Cosine of the angle from which on a view counts as lying in a plane (2.6 degrees)."""


def show_point(volume: slicer.vtkMRMLVolumeNode, ras: Sequence[float]) -> None:
    """Let all slice views show the slices of the volume, as they were acquired, through a point in RAS mm.

    Of an oblique scan the views would else show planes that no slice was acquired in.
    """
    for view in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
        modified = view.StartModify()
        view.RotateToVolumePlane(volume)
        view.JumpSliceByOffsetting(*ras)
        view.EndModify(modified)


def shows_plane(
    volume: slicer.vtkMRMLVolumeNode, ras: Sequence[float], normal: NDArray[np.float64], within_mm: float
) -> bool:
    """Tell whether a slice view shows the plane through a point in RAS mm, or no view is parallel to it.

    A view that shows other volumes and not this one does not count.
    """
    parallel = False
    for view in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
        plane = slicer.util.arrayFromVTKMatrix(view.GetSliceToRAS())
        if abs(plane[:3, 2] @ normal) > PARALLEL:
            parallel = True
            if abs((plane[:3, 3] - ras) @ normal) <= within_mm and not _shows_others(view, volume):
                return True
    return not parallel


def _shows_others(view: slicer.vtkMRMLSliceNode, volume: slicer.vtkMRMLVolumeNode) -> bool:
    shown: set[str] = set()
    for layers in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
        if layers.GetLayoutName() == view.GetLayoutName():
            shown |= {layers.GetBackgroundVolumeID() or "", layers.GetForegroundVolumeID() or ""}
    shown.discard("")
    return bool(shown) and volume.GetID() not in shown


def show_filled(node: slicer.vtkMRMLSegmentationNode, opacity: float) -> None:
    """Draw the segments of a node filled with this opacity (0..1), and their outlines."""
    display = node.GetDisplayNode()
    display.SetVisibility2DFill(opacity > 0)
    display.SetOpacity2DFill(opacity)
