"""Presses keys as a user whose mouse is over the views."""

from __future__ import annotations

import qt
import slicer
from PySide6 import QtTest


def press(key: str, focus: qt.QWidget | None = None) -> None:
    """Press a key ("A", "Ctrl+Z") with the focus in the red slice view, or in the given widget."""
    window = slicer.util.mainWindow()
    target = focus or slicer.app.layoutManager().sliceWidget("Red").sliceView()
    window.show()
    window.activateWindow()
    target.setFocus()
    slicer.app.processEvents()
    combination = qt.QKeySequence(key)[0]
    QtTest.QTest.keyClick(target, combination.key(), combination.keyboardModifiers())
    slicer.app.processEvents()
