from __future__ import annotations

from PySide6 import QtCore, QtGui, QtWidgets

from Testing.host.ctk_widgets.folding import Folding
from Testing.host.pythonqt.declaring import kept
from Testing.host.pythonqt.properties import like_cpp


@like_cpp
class ctkCollapsibleButton(QtWidgets.QAbstractButton):
    """A header that folds its contents away. Checked means open."""

    contentsCollapsed = QtCore.Signal(bool)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setChecked(True)
        self.setSizePolicy(QtWidgets.QSizePolicy.Preferred, QtWidgets.QSizePolicy.Preferred)
        self.setContentsMargins(0, self._header_height(), 0, 0)
        self._folding = Folding(self, self._header_height())
        self.toggled.connect(self._fold)

    def _fold(self, opened: bool) -> None:
        self._folding.set_folded(not opened)
        self.contentsCollapsed.emit(not opened)

    def _header_height(self) -> int:
        return self.fontMetrics().height() + 10

    def _get_collapsed(self) -> bool:
        return not self.isChecked()

    def _set_collapsed(self, collapsed: bool) -> None:
        self.setChecked(not collapsed)

    collapsed = QtCore.Property(bool, _get_collapsed, _set_collapsed)
    flat = kept(bool, False)

    def sizeHint(self) -> QtCore.QSize:
        header = QtCore.QSize(self.fontMetrics().horizontalAdvance(self.text) + 40, self._header_height())
        if not self.isChecked() or self.layout() is None:
            return header
        return self.layout().totalSizeHint().expandedTo(header)

    def minimumSizeHint(self) -> QtCore.QSize:
        header = QtCore.QSize(0, self._header_height())
        if not self.isChecked() or self.layout() is None:
            return header
        return self.layout().totalMinimumSize().expandedTo(header)

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        painter = QtWidgets.QStylePainter(self)
        header = QtWidgets.QStyleOptionButton()
        header.initFrom(self)
        header.rect = QtCore.QRect(0, 0, self.width, self._header_height())
        painter.drawControl(QtWidgets.QStyle.CE_PushButtonBevel, header)
        arrow = QtWidgets.QStyleOption()
        arrow.initFrom(self)
        arrow.rect = QtCore.QRect(8, (self._header_height() - 10) // 2, 10, 10)
        style = QtWidgets.QStyle
        painter.drawPrimitive(
            style.PE_IndicatorArrowDown if self.isChecked() else style.PE_IndicatorArrowRight, arrow
        )
        painter.drawText(
            header.rect.adjusted(26, 0, 0, 0), QtCore.Qt.AlignVCenter | QtCore.Qt.TextShowMnemonic, self.text
        )
