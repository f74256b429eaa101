"""Declares the properties of stand-ins."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from PySide6 import QtCore

_numbers = count()


def kept(kind: Any, default: Any, changed: Callable[[Any], None] | None = None) -> QtCore.Property:
    """A property that is kept, and not drawn unless `changed(widget)` does so."""
    key = f"_kept_{next(_numbers)}"

    def assign(widget: Any, value: Any) -> None:
        widget.__dict__[key] = value
        if changed is not None:
            changed(widget)

    return QtCore.Property(kind, lambda widget: widget.__dict__.get(key, default), assign)


def part(kind: Any, child: str, name: str) -> QtCore.Property:
    """A property of a child widget: `minimum = part(float, "_box", "minimum")`."""
    return QtCore.Property(
        kind,
        lambda widget: getattr(getattr(widget, child), name),
        lambda widget, value: setattr(getattr(widget, child), name, value),
    )


def fixed(kind: Any, value: Any) -> QtCore.Property:
    """A property that nobody writes."""
    return QtCore.Property(kind, lambda widget: value)
