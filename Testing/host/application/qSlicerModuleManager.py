from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import slicer
from PySide6 import QtCore

from Testing.host.pythonqt.properties import like_cpp


@like_cpp
class qSlicerModuleManager(QtCore.QObject):
    """Knows the modules that were loaded."""

    moduleLoaded = QtCore.Signal(str)
    moduleAboutToBeUnloaded = QtCore.Signal(str)

    def module(self, name: str) -> Any:
        return getattr(slicer.modules, name.lower(), None)

    def modulesNames(self) -> tuple[str, ...]:
        return tuple(module.name for module in vars(slicer.modules).values() if hasattr(module, "logic"))

    def factoryManager(self) -> Any:
        return SimpleNamespace(loadedModuleNames=self.modulesNames)
