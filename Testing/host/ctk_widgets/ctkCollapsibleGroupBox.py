from __future__ import annotations

from PySide6 import QtCore, QtWidgets

from Testing.host.ctk_widgets.folding import Folding
from Testing.host.pythonqt.properties import like_cpp


@like_cpp
class ctkCollapsibleGroupBox(QtWidgets.QGroupBox):
    """A group box that folds. Checked means open."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setChecked(True)
        self._folding = Folding(self, self.fontMetrics().height() + 8)
        self.toggled.connect(lambda opened: self._folding.set_folded(not opened))

    def _get_collapsed(self) -> bool:
        return not self.isChecked()

    def _set_collapsed(self, collapsed: bool) -> None:
        self.setChecked(not collapsed)

    collapsed = QtCore.Property(bool, _get_collapsed, _set_collapsed)
