"""Which slice views a layout has: Slicer's own logic of layouts says it, in a scene of its own."""

from __future__ import annotations

from functools import cache
from typing import Any

import slicer


@cache
def slice_views_of(layout: int) -> frozenset[str]:
    """Return the names of the slice views of a layout, given as a constant of vtkMRMLLayoutNode."""
    logic = _logic()
    logic.GetLayoutNode().SetViewArrangement(layout)
    views = logic.GetViewNodes()
    nodes = [views.GetItemAsObject(index) for index in range(views.GetNumberOfItems())]
    return frozenset(node.GetLayoutName() for node in nodes if node.IsA("vtkMRMLSliceNode"))


def description_of(layout: int) -> str:
    """Return what Slicer's own layouts are made of, as XML."""
    return _logic().GetLayoutNode().GetLayoutDescription(layout)


@cache
def _logic() -> Any:
    scene = slicer.vtkMRMLScene()
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene)
    logic = slicer.vtkMRMLLayoutLogic()
    logic.SetMRMLScene(scene)
    return logic
