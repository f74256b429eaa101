"""Loads .ui files with the stand-ins in the place of Slicer's widgets."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

from PySide6 import QtCore, QtUiTools, QtWidgets

from Testing.host.pythonqt.properties import unguarded

_stand_ins: dict[str, type] = {}


def register(stand_ins: dict[str, type]) -> None:
    _stand_ins.update(stand_ins)


class QUiLoader(QtUiTools.QUiLoader):
    """Qt's loader; connections between widgets are made in Python, for Slicer's slots live there."""

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        for cls in _stand_ins.values():
            self.registerCustomWidget(cls)

    def load(self, file: QtCore.QIODevice, parent: QtWidgets.QWidget | None = None) -> QtWidgets.QWidget:
        form = ElementTree.fromstring(bytes(file.readAll().data()))
        unknown = {name.text for name in form.iterfind("customwidgets/customwidget/class")} - set(_stand_ins)
        if unknown:
            raise RuntimeError(f"The host has no stand-in for {', '.join(sorted(unknown))}")
        connections = form.find("connections")
        if connections is not None:
            form.remove(connections)
        _spell_enums_as_strings(form)
        buffer = QtCore.QBuffer()
        buffer.setData(QtCore.QByteArray(ElementTree.tostring(form)))
        buffer.open(QtCore.QIODevice.ReadOnly)
        with unguarded():
            widget = super().load(buffer, parent)
        for connection in connections if connections is not None else ():
            _connect(widget, {part.tag: part.text for part in connection if part.text})
        return widget


def _spell_enums_as_strings(form: ElementTree.Element) -> None:
    """Qt's loader knows the enums of C++ classes only: the stand-ins take the names."""
    for widget in form.iter("widget"):
        cls = _stand_ins.get(widget.get("class", ""))
        for value in widget.iterfind("property"):
            inner = value[0]
            if cls is not None and inner.tag in ("enum", "set") and value.get("name") in vars(cls):
                inner.tag = "string"


def _connect(form: QtWidgets.QWidget, connection: dict[str, str]) -> None:
    sender, receiver = _child(form, connection["sender"]), _child(form, connection["receiver"])
    slot: Any = getattr(receiver, connection["slot"].partition("(")[0])
    sender.connect(connection["signal"], slot)


def _child(form: QtWidgets.QWidget, name: str) -> QtWidgets.QWidget:
    found = form if form.objectName == name else form.findChild(QtCore.QObject, name)
    if found is None:
        raise RuntimeError(f"a connection of the form names {name}, which it does not hold")
    return found
