"""What Slicer's and CTK's widgets offer to Python: `slicer_qt_api.json`, by Qt's moc from their headers."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

PYTHONQT = {"name", "className", "connect", "disconnect"}
"""What PythonQt adds to every object."""

OLDEST = "v5.12.3"
"""The oldest Slicer that we promise to run in."""


@cache
def classes() -> dict[str, dict[str, Any]]:
    return json.loads(Path(__file__).with_name("slicer_qt_api.json").read_text(encoding="utf-8"))["classes"]


def has(class_name: str, attribute: str) -> bool:
    """Whether Python finds the attribute on objects of the class in the oldest Slicer, Qt's own included."""
    described = classes().get(class_name)
    if described is None:
        return _qt_has(class_name, attribute)
    missing = described.get("notIn", {}).get(OLDEST, [])
    own = attribute in described["members"] and attribute not in missing
    return own or _qt_has(described["qtBase"], attribute)


def is_known(class_name: str) -> bool:
    return class_name in classes() or _qt_class(class_name) is not None


def _qt_class(name: str) -> type | None:
    from PySide6 import QtCore, QtGui, QtUiTools, QtWidgets

    return next((getattr(m, name) for m in (QtCore, QtGui, QtWidgets, QtUiTools) if hasattr(m, name)), None)


def _qt_has(class_name: str, attribute: str) -> bool:
    """Methods, signals, enumerators and properties; PythonQt's own names."""
    from PySide6.QtWidgets import QWidget

    cls = _qt_class(class_name) or QWidget  # a base that PySide6 does not have, such as QVTKWidget
    property_here = any(attribute in vars(base) for base in cls.__mro__)
    return property_here or hasattr(cls, attribute) or attribute in PYTHONQT
