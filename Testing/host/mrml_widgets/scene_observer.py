"""Watches the scene for a widget that lists nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import shiboken6
import slicer
import vtk
from PySide6 import QtWidgets


class SceneObserver:
    """Calls `changed(node or None)` when nodes come or go or all are gone, `removing(node)` before."""

    def __init__(self, owner: QtWidgets.QWidget, changed: Callable, removing: Callable | None = None) -> None:
        self._owner = owner
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
        if self._listens():
            self._changed(node)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _about_to_be_removed(self, scene: Any, event: str, node: Any) -> None:
        if self._removing is not None and self._listens():
            self._removing(node)

    def _any(self, scene: Any, event: str) -> None:
        if self._listens():
            self._changed()

    def _listens(self) -> bool:
        """Not in the middle of many changes, and not once Qt has deleted the widget."""
        if not shiboken6.isValid(self._owner):
            self.observe(None)
            return False
        return not self.scene.IsBatchProcessing()
