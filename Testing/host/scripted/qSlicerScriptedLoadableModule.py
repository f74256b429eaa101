from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6 import QtCore, QtGui

from Testing.host.pythonqt.declaring import kept
from Testing.host.pythonqt.properties import like_cpp
from Testing.host.scripted.qSlicerScriptedLoadableModuleWidget import qSlicerScriptedLoadableModuleWidget


@like_cpp
class qSlicerScriptedLoadableModule(QtCore.QObject):
    """A scripted module as the application sees it; its panel is made when first asked for."""

    def __init__(self, name: str, path: Path, make_panel: Callable) -> None:
        super().__init__()
        self._name, self._path, self._make_panel = name, str(path), make_panel
        self._panel: Any = None

    def widgetRepresentation(self) -> qSlicerScriptedLoadableModuleWidget:
        if self._panel is None:
            self._panel = self.createNewWidgetRepresentation()
        return self._panel

    def createNewWidgetRepresentation(self) -> qSlicerScriptedLoadableModuleWidget:
        return qSlicerScriptedLoadableModuleWidget(self._name, self._make_panel)

    def logic(self) -> Any:
        return None

    title = kept(str, "")
    helpText = kept(str, "")
    acknowledgementText = kept(str, "")
    categories = kept("QStringList", ())
    contributors = kept("QStringList", ())
    dependencies = kept("QStringList", ())
    associatedNodeTypes = kept("QStringList", ())
    icon = kept(QtGui.QIcon, QtGui.QIcon())
    hidden = kept(bool, False)
    index = kept(int, -1)
    widgetRepresentationCreationEnabled = kept(bool, True)
    name = QtCore.Property(str, lambda self: self._name)
    path = QtCore.Property(str, lambda self: self._path)
