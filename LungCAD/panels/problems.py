"""One sentence beside the field it concerns."""

from __future__ import annotations

from collections.abc import Mapping

import qt

ON_LIGHT, ON_DARK = "#b3261e", "#ff9d94"
"""Reds that can be read on a light and on a dark panel (contrast 4.5 and more)."""


class Problems:
    """The labels that hold the sentences, by name of the field; a label without sentence takes no room."""

    def __init__(self, labels: Mapping[str, qt.QLabel]) -> None:
        self._labels = labels
        for label in labels.values():
            label.wordWrap = True
            label.textInteractionFlags = qt.Qt.TextSelectableByMouse
        self.show({})

    def show(self, sentences: Mapping[str, str]) -> None:
        """Show these sentences and no others; every field must be a known one."""
        for field, label in self._labels.items():
            sentence = sentences.get(field, "")
            label.text = sentence
            label.visible = bool(sentence)
            label.setStyleSheet(f"color: {_red(label)}")
        if unknown := sentences.keys() - self._labels.keys():
            raise ValueError(f"sentences: no field is called {', '.join(sorted(unknown))}")


def _red(widget: qt.QWidget) -> str:
    background = widget.palette.color(qt.QPalette.Window)
    return ON_LIGHT if background.lightness() > 127 else ON_DARK
