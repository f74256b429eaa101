from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
from PySide6 import QtCore, QtWidgets

from Testing.host.mrml_widgets.qSlicerWidget import qSlicerWidget
from Testing.host.pythonqt.properties import like_cpp


@like_cpp
class qSlicerScriptedLoadableModuleWidget(qSlicerWidget):
    """The panel as the application sees it: holds the Python widget and calls its enter and exit."""

    def __init__(self, name: str, make_panel: Callable) -> None:
        super().__init__()
        self._name, self._make_panel, self._entered = name, make_panel, False
        QtWidgets.QVBoxLayout(self)
        self.setMRMLScene(slicer.mrmlScene)
        self._python = make_panel(self)
        self._python.setup()

    def self(self) -> Any:
        return self._python

    def reload(self) -> None:
        self._python = self._make_panel(self)
        self._python.setup()

    def enter(self) -> None:
        self._entered = True
        self._python.enter()

    def exit(self) -> None:
        self._entered = False
        self._python.exit()

    moduleName = QtCore.Property(str, lambda self: self._name)
    isEntered = QtCore.Property(bool, lambda self: self._entered)
