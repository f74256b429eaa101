"""Folds the children of a box away, and brings back those that were not hidden on their own account."""

from __future__ import annotations

from PySide6 import QtCore, QtWidgets

ANY_HEIGHT = 16777215


class Folding(QtCore.QObject):
    """Watches the children of a checkable box: while it is folded none is shown, whoever asks for it."""

    def __init__(self, box: QtWidgets.QWidget, header_height: int) -> None:
        super().__init__(box)
        self._box: QtWidgets.QWidget | None = box
        self._header_height = header_height
        self._folded = self._working = False
        self._hidden_by_others: set[QtWidgets.QWidget] = set()
        box.installEventFilter(self)

    def set_folded(self, folded: bool) -> None:
        if folded == self._folded:
            return
        self._folded = folded
        for child in self._children():
            if folded:
                self._fold(child)
            elif child not in self._hidden_by_others:
                child.setVisible(True)
        if not folded:
            self._hidden_by_others.clear()
        self._box.setMaximumHeight(self._header_height if folded else ANY_HEIGHT)
        self._box.updateGeometry()

    def eventFilter(self, watched: QtCore.QObject, event: QtCore.QEvent) -> bool:
        if "_box" not in vars(self):  # Python has let go of this object before Qt has
            return False
        if watched is self._box:
            if event.type() == QtCore.QEvent.ChildPolished and isinstance(event.child(), QtWidgets.QWidget):
                event.child().installEventFilter(self)
                if self._folded:
                    self._fold(event.child())
        elif self._folded and not self._working:
            if event.type() == QtCore.QEvent.ShowToParent:
                self._fold(watched)
                self._hidden_by_others.discard(watched)
            elif event.type() == QtCore.QEvent.HideToParent:
                self._hidden_by_others.add(watched)
        return False

    def _fold(self, child: QtWidgets.QWidget) -> None:
        if child.isHidden() and child.testAttribute(QtCore.Qt.WA_WState_ExplicitShowHide):
            self._hidden_by_others.add(child)
        self._working = True
        child.setVisible(False)
        self._working = False

    def _children(self) -> list[QtWidgets.QWidget]:
        return [child for child in self._box.children() if isinstance(child, QtWidgets.QWidget)]
