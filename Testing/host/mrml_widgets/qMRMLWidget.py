from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtWidgets

from Testing.host.pythonqt.properties import like_cpp


@like_cpp
class qMRMLWidget(QtWidgets.QWidget):  # noqa: N801
    """A widget that knows the scene and hands it on to nobody: children are connected in the .ui file."""

    mrmlSceneChanged = QtCore.Signal(object)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene = None

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        if scene is not self._scene:
            self._scene = scene
            self.mrmlSceneChanged.emit(scene)
