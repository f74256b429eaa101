"""Where the slice views look, and how segments are drawn in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
    """Tell whether a slice view of the layout shows the volume's plane through a point in RAS mm.

    Where no view of the layout is parallel to the plane, it is enough that one shows the volume. Where the
    layout has no slice view, nobody can tell.
    """
    views = _views()
    planes = {view: slicer.util.arrayFromVTKMatrix(view.GetSliceToRAS()) for view in views}
    showing = [view for view in views if _shows(view, volume)]
    parallel = [view for view in views if abs(planes[view][:3, 2] @ normal) > PARALLEL]
    if not parallel:
        return bool(showing) or not views
    seen = [view for view in parallel if view in showing]
    return any(abs((planes[view][:3, 3] - ras) @ normal) <= within_mm for view in seen)


def shows_any(volumes: Iterable[slicer.vtkMRMLVolumeNode]) -> bool:
    """Tell whether a slice view of the layout shows one of the volumes; nobody can tell where it has none."""
    views = _views()
    return not views or any(_shows(view, volume) for volume in volumes for view in views)


def _views() -> list[slicer.vtkMRMLSliceNode]:
    return [view for view in slicer.util.getNodesByClass("vtkMRMLSliceNode") if view.IsMappedInLayout()]


def _shows(view: slicer.vtkMRMLSliceNode, volume: slicer.vtkMRMLVolumeNode) -> bool:
    return any(
        volume.GetID() in (layers.GetBackgroundVolumeID(), layers.GetForegroundVolumeID())
        for layers in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
        if layers.GetLayoutName() == view.GetLayoutName()
    )


def show_filled(node: slicer.vtkMRMLSegmentationNode, opacity: float) -> None:
    """Draw the segments of a node filled with this opacity (0..1), and their outlines."""
    display = node.GetDisplayNode()
    display.SetVisibility2DFill(opacity > 0)
    display.SetOpacity2DFill(opacity)
