from __future__ import annotations

from typing import Any

import slicer
from PySide6 import QtCore, QtWidgets

from Testing.host.pythonqt.properties import like_cpp


@like_cpp
class qSlicerModuleSelectorToolBar(QtWidgets.QWidget):
    """Changes from one module's panel to another's. Modules of C++ have no panel here."""

    def __init__(self) -> None:
        super().__init__()
        self._selected = ""

    def selectModule(self, name: str) -> None:
        if name != self._selected:
            self._tell(self._selected, "exit")
            self._selected = name
            self._tell(name, "enter")

    def _tell(self, name: str, what: str) -> None:
        module: Any = getattr(slicer.modules, name.lower(), None) if name else None
        panel = module.widgetRepresentation() if module is not None else None
        if panel is not None:
            getattr(panel, what)()

    selectedModule = QtCore.Property(str, lambda self: self._selected)
