"""One sentence beside the field it concerns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import qt

from LungCAD.errors import InputError

STYLE = "color: #7a1410; background: #fbe3e1; border-radius: 3px; padding: 3px"
"""Dark red on a ground of its own: as easy to read on a dark panel (contrast 9 to 1)."""


class Problems:
    """The labels that hold the sentences, by name of the field; a label without sentence takes no room."""

    def __init__(self, labels: Mapping[str, qt.QLabel]) -> None:
        self._labels = labels
        for label in labels.values():
            label.wordWrap = True
            label.textInteractionFlags = qt.Qt.TextSelectableByMouse
            label.setStyleSheet(STYLE)
        self.show({})

    def show(self, sentences: Mapping[str, str]) -> None:
        """Show these sentences and no others; every field must be a known one."""
        for field, label in self._labels.items():
            sentence = sentences.get(field, "")
            label.text = sentence
            label.visible = bool(sentence)
        if unknown := sentences.keys() - self._labels.keys():
            raise ValueError(f"sentences: no field is called {', '.join(sorted(unknown))}")


def check_file(path: str) -> None:
    """Raise InputError unless there is such a file."""
    if not Path(path).is_file():
        raise InputError(path, "is no file", "Choose one that exists")


def complaint_of(check: Callable[[], object]) -> str:
    """Return as a sentence the InputError that `check` raises, or nothing."""
    try:
        check()
    except InputError as error:
        return as_sentence(error)
    return ""


def as_sentence(error: InputError) -> str:
    """Return an error as it reads beside a field, such as "Chest CT holds no voxels. Load a CT"."""
    remedy = f" {error.remedy}." if error.remedy else ""
    return f"{error.subject} {error.problem}.{remedy}"
