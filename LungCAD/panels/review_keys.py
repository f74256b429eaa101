"""Single keys for the reviewer: those that neither Slicer's views nor the Segment Editor use."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import qt
import slicer

ACCEPT, NEEDS_EDIT, REJECT, NEXT, PREVIOUS, BEFORE, OUTLINE = "A", "E", "X", "N", "P", "C", "O"


class ReviewKeys:
    """Shortcuts of the main window that exist while the panel is shown: no other module meets them.

    They work while a slice view has the focus, and leave text fields alone.
    """

    def __init__(self, actions: Mapping[str, Callable[[], None]]) -> None:
        self._actions = actions
        self.shortcuts: list[qt.QShortcut] = []

    def install(self) -> None:
        """Make the shortcuts, where there is a main window."""
        window = slicer.util.mainWindow()
        if window is None or self.shortcuts:
            return
        for key, action in self._actions.items():
            shortcut = qt.QShortcut(qt.QKeySequence(key), window)
            shortcut.activated.connect(action)
            self.shortcuts.append(shortcut)

    def remove(self) -> None:
        """Delete them."""
        for shortcut in self.shortcuts:
            shortcut.enabled = False
            shortcut.deleteLater()
        self.shortcuts = []
