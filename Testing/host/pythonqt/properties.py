"""Qt properties are attributes (`button.enabled = False`), unknown attributes cannot be assigned."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from PySide6 import QtCore

CPP = "_like_cpp"
"""Marks the stand-ins: Python classes here, C++ classes in Slicer, so nobody can add attributes to them."""

VIRTUAL = {("QWidget", "sizeHint"), ("QWidget", "minimumSizeHint"), ("QProgressBar", "text")}
"""Qt calls these on the Python object, so they must stay methods. Properties in Slicer: use none of them."""


class QtProperty:
    """A Qt property as an attribute; the class still gives the original member (`QLabel.text`)."""

    def __init__(self, name: str, original: Any, writable: bool = True) -> None:
        self.name = name
        self.original = original
        self.writable = writable

    def __get__(self, widget: QtCore.QObject | None, owner: type) -> Any:
        if widget is None:
            if self.original is None:
                raise AttributeError(f"{owner.__name__} has no attribute {self.name}")
            return self.original
        value = widget.property(self.name)
        return tuple(value) if isinstance(value, list) else value

    def __set__(self, widget: QtCore.QObject, value: Any) -> None:
        if not self.writable:
            raise AttributeError(f"{type(widget).__name__}.{self.name} is read-only")
        if isinstance(value, tuple):
            value = list(value)
        if not widget.setProperty(self.name, value):
            raise ValueError(f"{type(widget).__name__}.{self.name} does not take {value!r}")


def install(modules: list[ModuleType]) -> None:
    """Give every QObject class of the modules its properties as attributes, and the guard."""
    for cls in classes_base_first(modules):
        meta = cls.staticMetaObject
        for index in range(meta.propertyOffset(), meta.propertyCount()):
            name, writable = meta.property(index).name(), meta.property(index).isWritable()
            if (cls.__name__, name) in VIRTUAL:
                continue
            setattr(cls, name, QtProperty(name, vars(cls).get(name) or getattr(cls, name, None), writable))
        cls.__setattr__ = _set_known_attribute
    QtCore.QObject.name = QtProperty("objectName", None)
    QtCore.QObject.className = lambda self: type(self).staticMetaObject.className()


def like_cpp(cls: type) -> type:
    """Class decorator of the stand-ins."""
    setattr(cls, CPP, cls.__name__)
    return cls


def classes_base_first(modules: list[ModuleType]) -> Iterator[type]:
    members = (getattr(module, name) for module in modules for name in dir(module))
    classes = {cls for cls in members if isinstance(cls, type) and issubclass(cls, QtCore.QObject)}
    return iter(sorted(classes, key=lambda cls: len(cls.__mro__)))


_unguarded: list[bool] = []


@contextmanager
def unguarded() -> Iterator[None]:
    """PySide6's loader makes the widgets of a form attributes of it, which PythonQt's does not."""
    _unguarded.append(True)
    try:
        yield
    finally:
        _unguarded.pop()


def _set_known_attribute(self: QtCore.QObject, name: str, value: Any) -> None:
    known = next((cls.__dict__[name] for cls in type(self).__mro__ if name in cls.__dict__), None)
    if isinstance(known, QtCore.Property):
        if known.fset is None:
            raise AttributeError(f"{type(self).__name__}.{name} is read-only")
        known.fset(self, value)
    elif hasattr(type(known), "__set__"):
        known.__set__(self, value)
    elif (
        _is_python_class(type(self))
        or (name.startswith("_") and CPP in type(self).__dict__)
        or isinstance(value, QtCore.SignalInstance)  # PySide6's own: signals of widgets that C++ has made
    ):
        self.__dict__[name] = value
    elif not _unguarded:
        raise AttributeError(
            f"{type(self).__name__} has no property {name}: Slicer refuses new attributes on C++ objects"
        )


def _is_python_class(cls: type) -> bool:
    return not cls.__module__.startswith("PySide6") and CPP not in cls.__dict__
