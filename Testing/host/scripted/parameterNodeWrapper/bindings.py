"""Which widget can show which type. The class must match exactly, as in Slicer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath
from typing import Any

import ctk
import qt
import slicer

from Testing.host.scripted.parameterNodeWrapper import types
from Testing.host.scripted.parameterNodeWrapper.annotations import (
    Choice,
    Decimals,
    Maximum,
    Minimum,
    SingleStep,
    WithinRange,
)


@dataclass
class Binding:
    """A widget that shows one value: read it, write it, hear of its changes."""

    signal: Any
    read: Callable[[], Any]
    write: Callable[[Any], None]
    callback: Callable | None = None

    def connect(self, callback: Callable) -> None:
        self.callback = lambda *_: callback()
        self.signal.connect(self.callback)

    def disconnect(self) -> None:
        self.signal.disconnect(self.callback)


def bind(widget: Any, annotated: Any) -> Binding:
    """Prepare the widget for the type (range, step, choices, node types) and bind it."""
    kind, annotations = types.split(annotated)
    cls, choice = type(widget), _first(annotations, Choice)
    if cls is qt.QComboBox and choice is not None:
        return _combo(widget, list(choice.choices), [str(item) for item in choice.choices])
    if cls is qt.QComboBox and isinstance(kind, type) and issubclass(kind, Enum):
        label = getattr(kind, "label", lambda item: item.name)
        return _combo(widget, list(kind), [label(item) for item in kind])
    if cls is slicer.qMRMLNodeComboBox and types.node_types(kind):
        widget.nodeTypes = types.node_types(kind)
        return Binding(widget.currentNodeChanged, widget.currentNode, widget.setCurrentNode)
    if kind is bool and cls in (qt.QCheckBox, qt.QPushButton):
        widget.checkable = True
        return _property(widget, "checked", widget.toggled)
    if kind is int and cls in (qt.QSlider, qt.QSpinBox):
        _limit(widget, annotations, -(2**31), 2**31 - 1, bounded=cls is qt.QSlider)
        return _property(widget, "value", widget.valueChanged)
    if kind is float and cls in (qt.QDoubleSpinBox, ctk.ctkSliderWidget):
        _limit(widget, annotations, float("-inf"), float("inf"), bounded=cls is ctk.ctkSliderWidget)
        return _property(widget, "value", widget.valueChanged)
    if kind is str and cls is qt.QLineEdit:
        return _property(widget, "text", widget.textChanged)
    if kind is str and cls is qt.QTextEdit:
        return Binding(widget.textChanged, widget.toPlainText, widget.setPlainText)
    if isinstance(kind, type) and issubclass(kind, PurePath) and cls is ctk.ctkPathLineEdit:
        return Binding(
            widget.currentPathChanged,
            lambda: kind(widget.currentPath),
            lambda path: widget.setCurrentPath(str(path)),
        )
    raise RuntimeError(f"no {cls.__name__} can show {annotated}")


def _property(widget: Any, name: str, signal: Any) -> Binding:
    return Binding(signal, lambda: getattr(widget, name), lambda value: setattr(widget, name, value))


def _combo(widget: Any, values: list, labels: list[str]) -> Binding:
    widget.clear()
    widget.addItems(labels)

    def write(value: Any) -> None:
        widget.currentIndex = values.index(value)

    return Binding(widget.currentIndexChanged, lambda: values[widget.currentIndex], write)


def _limit(widget: Any, annotations: tuple, lowest: float, highest: float, bounded: bool) -> None:
    """Put range, decimals and step of the annotations on the widget."""
    both = _first(annotations, WithinRange)
    low, high = both or _first(annotations, Minimum), both or _first(annotations, Maximum)
    if bounded and (low is None or high is None):
        raise RuntimeError(f"a {type(widget).__name__} needs a range with two ends")
    decimals, step = _first(annotations, Decimals), _first(annotations, SingleStep)
    if decimals is not None:
        widget.decimals = decimals.value
    if step is not None:
        widget.singleStep = step.value
    widget.minimum = low.minimum if low is not None else lowest
    widget.maximum = high.maximum if high is not None else highest


def _first(annotations: tuple, kind: type) -> Any:
    return next((item for item in annotations if isinstance(item, kind)), None)
