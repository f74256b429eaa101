from __future__ import annotations

from PySide6 import QtWidgets

from Testing.host.pythonqt.properties import like_cpp


@like_cpp
class ctkPushButton(QtWidgets.QPushButton):
    """Qt's widget; the alignments that CTK adds are not drawn here."""
