from __future__ import annotations

from PySide6 import QtCore, QtGui, QtWidgets

from Testing.host.pythonqt.properties import like_cpp


@like_cpp
class ctkCollapsibleButton(QtWidgets.QAbstractButton):  # noqa: N801
    """A header that folds its contents away. Checked means open."""

    contentsCollapsed = QtCore.Signal(bool)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._flat = False
        self.setCheckable(True)
        self.setChecked(True)
        self.setSizePolicy(QtWidgets.QSizePolicy.Preferred, QtWidgets.QSizePolicy.Preferred)
        header = self.fontMetrics().height() + 10
        self.setContentsMargins(0, header, 0, 0)
        self.toggled.connect(self._fold)

    def _fold(self, opened: bool) -> None:
        for child in self.children():
            if isinstance(child, QtWidgets.QWidget):
                child.setVisible(opened)
        self.setMaximumHeight(16777215 if opened else self._header_height())
        self.updateGeometry()
        self.contentsCollapsed.emit(not opened)

    def _header_height(self) -> int:
        return self.fontMetrics().height() + 10

    def childEvent(self, event: QtCore.QChildEvent) -> None:
        if event.added() and event.child().isWidgetType() and not self.isChecked():
            event.child().hide()

    def _get_collapsed(self) -> bool:
        return not self.isChecked()

    def _set_collapsed(self, collapsed: bool) -> None:
        self.setChecked(not collapsed)

    def _get_flat(self) -> bool:
        return self._flat

    def _set_flat(self, flat: bool) -> None:
        self._flat = flat

    collapsed = QtCore.Property(bool, _get_collapsed, _set_collapsed)
    flat = QtCore.Property(bool, _get_flat, _set_flat)

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
