"""Cancels a job whose ground is pulled away: the scene closes, or a node that it works on is removed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import slicer

from LungCAD.mrml.nodes import is_present


class JobGuard:
    """Watches the scene from `watch` until `rest`; calls `cancel` when nodes vanish or the scene closes.

    Nodes are held, not looked up: after the scene was closed, others get their IDs.
    """

    def __init__(self, cancel: Callable[[], None]) -> None:
        self._cancel = cancel
        self._nodes: tuple[slicer.vtkMRMLNode, ...] = ()
        self._observations: list[int] = []

    def watch(self, nodes: Iterable[slicer.vtkMRMLNode]) -> None:
        """A job begins that works on these nodes."""
        self.rest()
        self._nodes = tuple(nodes)
        scene = slicer.mrmlScene
        self._observations = [
            scene.AddObserver(scene.StartCloseEvent, self._on_close),
            scene.AddObserver(scene.NodeRemovedEvent, self._on_removed),
            scene.AddObserver(scene.EndBatchProcessEvent, self._on_removed),
        ]

    def rest(self) -> None:
        """The job has ended."""
        for observation in self._observations:
            slicer.mrmlScene.RemoveObserver(observation)
        self._observations, self._nodes = [], ()

    def _on_close(self, *_: object) -> None:
        self.rest()
        self._cancel()

    def _on_removed(self, *_: object) -> None:
        if not all(map(is_present, self._nodes)):
            self._on_close()
