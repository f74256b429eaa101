from __future__ import annotations

from PySide6 import QtCore, QtWidgets

from Testing.host.pythonqt.properties import like_cpp


@like_cpp
class ctkMessageBox(QtWidgets.QMessageBox):  # noqa: N801
    """A message box with "don't show again"."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings_key, self._visible, self._again = "", False, False

    def setDontShowAgain(self, again: bool) -> None:
        self._again = again

    dontShowAgain = QtCore.Property(bool, lambda self: self._again, setDontShowAgain)
    dontShowAgainVisible = QtCore.Property(
        bool, lambda self: self._visible, lambda self, on: setattr(self, "_visible", on)
    )
    dontShowAgainSettingsKey = QtCore.Property(
        str, lambda self: self._settings_key, lambda self, key: setattr(self, "_settings_key", key)
    )
