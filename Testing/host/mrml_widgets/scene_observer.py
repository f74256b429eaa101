"""Watches the scene for a widget that lists nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
import vtk


class SceneObserver:
    """Calls `changed(node or None)` when nodes come or go or all are gone, `removing(node)` before."""

    def __init__(self, changed: Callable, removing: Callable | None = None) -> None:
        self.scene: Any = None
        self._changed = changed
        self._removing = removing
        self._tags: list[int] = []

    def observe(self, scene: Any) -> None:
        for tag in self._tags:
            self.scene.RemoveObserver(tag)
        self._tags = []
        self.scene = scene
        if scene is None:
            return
        kind = slicer.vtkMRMLScene
        for event, callback in (
            (kind.NodeAddedEvent, self._added),
            (kind.NodeAboutToBeRemovedEvent, self._about_to_be_removed),
            (kind.NodeRemovedEvent, self._any),
            (kind.EndCloseEvent, self._any),
            (kind.EndImportEvent, self._any),
            (kind.EndBatchProcessEvent, self._any),
        ):
            self._tags.append(scene.AddObserver(event, callback))

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _added(self, scene: Any, event: str, node: Any) -> None:
        if not scene.IsBatchProcessing():
            self._changed(node)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _about_to_be_removed(self, scene: Any, event: str, node: Any) -> None:
        if self._removing is not None and not scene.IsBatchProcessing():
            self._removing(node)

    def _any(self, scene: Any, event: str) -> None:
        if not scene.IsBatchProcessing():
            self._changed()
