"""Modal boxes block for ever where nobody sits in front of the screen: here they fail the test.

A test that wants a box to open says beforehand how the user answers it: `with answering(QMessageBox.Yes):`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from PySide6 import QtWidgets

from Testing.host import incidents

STATICS = {
    QtWidgets.QMessageBox: ("about", "aboutQt", "critical", "information", "question", "warning"),
    QtWidgets.QFileDialog: (
        "getExistingDirectory", "getOpenFileName", "getOpenFileNames", "getSaveFileName",
    ),
    QtWidgets.QInputDialog: ("getDouble", "getInt", "getItem", "getMultiLineText", "getText"),
    QtWidgets.QColorDialog: ("getColor",),
    QtWidgets.QFontDialog: ("getFont",),
}  # fmt: skip

_answers: list[Any] = []


class ModalBoxOpened(AssertionError):
    """A modal box was opened that no test expected."""


@contextmanager
def answering(*answers: Any) -> Iterator[None]:
    """The next modal boxes return these answers, in this order; all of them must be asked for."""
    _answers[:] = answers
    yield
    left = list(_answers)
    _answers.clear()
    if left:
        raise AssertionError(f"no modal box asked for {left}")


def install() -> None:
    for cls, names in STATICS.items():
        for name in names:
            setattr(cls, name, staticmethod(_refused(f"{cls.__name__}.{name}")))
    for cls in (QtWidgets.QDialog, QtWidgets.QMessageBox, QtWidgets.QFileDialog, QtWidgets.QMenu):
        for name in ("exec", "exec_"):
            setattr(cls, name, _refused(f"{cls.__name__}.{name}"))


def _refused(name: str) -> Callable:
    def answer(*arguments: Any, **keywords: Any) -> Any:
        if _answers:
            return _answers.pop(0)
        texts = [part for part in (*arguments, *keywords.values()) if isinstance(part, str)]
        texts += [str(box.text) for box in arguments[:1] if isinstance(box, QtWidgets.QMessageBox)]
        incidents.report(f"modal box opened: {name} {' | '.join(texts)}")
        raise ModalBoxOpened(f"{name} blocks until somebody answers it: {' | '.join(texts)}")

    return answer
