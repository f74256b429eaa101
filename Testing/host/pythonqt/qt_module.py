"""The module `qt`: all of QtCore, QtGui, QtWidgets and QtUiTools in one name space."""

from __future__ import annotations

from types import ModuleType

from PySide6 import QtCore, QtGui, QtWidgets

from Testing.host.pythonqt import dialogs, properties, signals, ui_files


def make() -> ModuleType:
    """Teach PySide6 the manners of PythonQt and return it as the module `qt`. Once per process."""
    modules = [QtCore, QtGui, QtWidgets]
    properties.install(modules)
    signals.install(modules)
    dialogs.install()
    qt = ModuleType("qt", "Qt as Slicer's Python sees it")
    for module in modules:
        vars(qt).update({name: getattr(module, name) for name in dir(module) if not name.startswith("_")})
    qt.QUiLoader = ui_files.QUiLoader
    return qt
