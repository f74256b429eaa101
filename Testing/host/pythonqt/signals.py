"""`widget.connect("clicked(bool)", slot)`: signatures that do not exist are refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

from PySide6 import QtCore

from Testing.host.pythonqt.properties import classes_base_first

_connect = QtCore.QObject.connect
_disconnect = QtCore.QObject.disconnect
_getattribute = QtCore.QObject.__getattribute__
_vtk_pointer = re.compile(r"\bvtk\w+\s*\*")


def install(modules: list[ModuleType]) -> None:
    """PySide6 looks `connect` up on its own before it looks at the class: so every class is told."""
    for cls in classes_base_first(modules):
        cls.__getattribute__ = _finder(vars(cls).get("__getattribute__", _getattribute))


def _finder(getattribute: Callable[[QtCore.QObject, str], Any]) -> Callable[[QtCore.QObject, str], Any]:
    """Some classes look up members in a way of their own (`QFile.exists`, static and not): that stays."""

    def find(self: QtCore.QObject, name: str) -> Any:
        if name == "connect":
            return partial(connect, self)
        if name == "disconnect":
            return partial(disconnect, self)
        return getattribute(self, name)

    return find


def connect(self: QtCore.QObject, signal: Any, receiver: Any, slot: Any = None) -> bool:
    """PythonQt's two forms: `sender.connect(signal, callable)`, `sender.connect(signal, object, slot)`."""
    if isinstance(signal, QtCore.QObject):  # PySide6's own, from within QTimer.singleShot
        return bool(_connect(signal, receiver, slot))
    return bool(_connect(self, _signal(self, signal), _callable(receiver, slot)))


def disconnect(self: QtCore.QObject, signal: str, receiver: Any = None, slot: str | None = None) -> bool:
    return bool(_disconnect(self, _signal(self, signal), _callable(receiver, slot)))


def _signal(sender: QtCore.QObject, signature: str) -> str:
    """Qt's own spelling; pointers to MRML objects are plain Python objects in the stand-ins."""
    here = _vtk_pointer.sub("PyObject", signature.replace(" ", ""))
    normalized = QtCore.QMetaObject.normalizedSignature(here)
    normalized = bytes(normalized.data() if hasattr(normalized, "data") else normalized).decode()
    # The object that an instance's metaObject() returns dies with the instance, the class's own with it.
    if type(sender).staticMetaObject.indexOfSignal(normalized) < 0:
        raise ValueError(f"{type(sender).__name__} has no signal {signature}")
    return QtCore.SIGNAL(normalized)


def _callable(receiver: Any, slot: str | None) -> Callable:
    return receiver if slot is None else getattr(receiver, slot.partition("(")[0])
