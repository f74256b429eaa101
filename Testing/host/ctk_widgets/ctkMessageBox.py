from __future__ import annotations

from PySide6 import QtWidgets

from Testing.host.pythonqt.declaring import kept
from Testing.host.pythonqt.properties import like_cpp


@like_cpp
class ctkMessageBox(QtWidgets.QMessageBox):
    """A message box with "don't show again"."""

    dontShowAgain = kept(bool, False)
    dontShowAgainVisible = kept(bool, False)
    dontShowAgainSettingsKey = kept(str, "")

    def setDontShowAgain(self, again: bool) -> None:
        self.dontShowAgain = again
