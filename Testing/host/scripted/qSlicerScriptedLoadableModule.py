from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6 import QtCore, QtGui

from Testing.host.pythonqt.properties import like_cpp
from Testing.host.scripted.qSlicerScriptedLoadableModuleWidget import qSlicerScriptedLoadableModuleWidget


@like_cpp
class qSlicerScriptedLoadableModule(QtCore.QObject):  # noqa: N801
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

    def _text(name: str):
        return QtCore.Property(
            str, lambda self: self.__dict__.get(name, ""), lambda self, text: self.__dict__.update({name: text})
        )

    def _texts(name: str):
        return QtCore.Property(
            "QStringList",
            lambda self: self.__dict__.get(name, []),
            lambda self, texts: self.__dict__.update({name: list(texts)}),
        )

    title = _text("_title")
    helpText = _text("_help")
    acknowledgementText = _text("_acknowledgement")
    categories = _texts("_categories")
    contributors = _texts("_contributors")
    dependencies = _texts("_dependencies")
    associatedNodeTypes = _texts("_node_types")
    name = QtCore.Property(str, lambda self: self._name)
    path = QtCore.Property(str, lambda self: self._path)
    icon = QtCore.Property(
        QtGui.QIcon,
        lambda self: self.__dict__.get("_icon", QtGui.QIcon()),
        lambda self, icon: self.__dict__.update({"_icon": icon}),
    )
    hidden = QtCore.Property(
        bool,
        lambda self: self.__dict__.get("_hidden", False),
        lambda self, hidden: self.__dict__.update({"_hidden": hidden}),
    )
    index = QtCore.Property(
        int,
        lambda self: self.__dict__.get("_index", -1),
        lambda self, index: self.__dict__.update({"_index": index}),
    )
    widgetRepresentationCreationEnabled = QtCore.Property(
        bool,
        lambda self: self.__dict__.get("_creates", True),
        lambda self, creates: self.__dict__.update({"_creates": creates}),
    )
