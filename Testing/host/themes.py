"""Slicer's light and dark theme."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import qt
import slicer

COLORS = {
    "light": {
        "Window": "#efefef", "WindowText": "#000000", "Base": "#ffffff", "AlternateBase": "#f7f7f7",
        "Text": "#000000", "Button": "#efefef", "ButtonText": "#000000", "BrightText": "#ffffff",
        "Highlight": "#308cc6", "HighlightedText": "#ffffff", "ToolTipBase": "#ffffdc",
        "ToolTipText": "#000000", "PlaceholderText": "#808080", "Link": "#0000ff",
    },
    "dark": {
        "Window": "#353535", "WindowText": "#e6e6e6", "Base": "#2a2a2a", "AlternateBase": "#424242",
        "Text": "#e6e6e6", "Button": "#353535", "ButtonText": "#e6e6e6", "BrightText": "#ff0000",
        "Highlight": "#2a82da", "HighlightedText": "#ffffff", "ToolTipBase": "#353535",
        "ToolTipText": "#e6e6e6", "PlaceholderText": "#909090", "Link": "#5ab0ff",
    },
}  # fmt: skip
DISABLED = ("WindowText", "Text", "ButtonText")


def palette(theme: str) -> qt.QPalette:
    colors = qt.QPalette()
    for role, color in COLORS[theme].items():
        colors.setColor(getattr(qt.QPalette, role), qt.QColor(color))
    for role in DISABLED:
        colors.setColor(qt.QPalette.Disabled, getattr(qt.QPalette, role), qt.QColor("#808080"))
    return colors


@contextmanager
def applied(theme: str) -> Iterator[None]:
    """The application in the light or the dark theme."""
    before = slicer.app.palette()
    slicer.app.setPalette(palette(theme))
    yield
    slicer.app.setPalette(before)
