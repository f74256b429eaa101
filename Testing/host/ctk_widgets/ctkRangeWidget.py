from __future__ import annotations

from PySide6 import QtCore, QtWidgets

from Testing.host.pythonqt.properties import like_cpp


@like_cpp
class ctkRangeWidget(QtWidgets.QWidget):
    """Two values within a range: here two spin boxes, in Slicer also a slider with two handles."""

    minimumValueChanged = QtCore.Signal(float)
    maximumValueChanged = QtCore.Signal(float)
    minimumValueIsChanging = QtCore.Signal(float)
    maximumValueIsChanging = QtCore.Signal(float)
    valuesChanged = QtCore.Signal(float, float)
    rangeChanged = QtCore.Signal(float, float)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._low, self._high = QtWidgets.QDoubleSpinBox(), QtWidgets.QDoubleSpinBox()
        self._lowest, self._highest = 0.0, 99.0
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._low)
        layout.addStretch(1)
        layout.addWidget(self._high)
        self._show(self._lowest, self._highest)
        self._low.valueChanged.connect(lambda value: self.setValues(value, self._high.value))
        self._high.valueChanged.connect(lambda value: self.setValues(self._low.value, value))

    def _show(self, low: float, high: float) -> None:
        """Neither box lets its value pass the other's."""
        blockers = [QtCore.QSignalBlocker(self._low), QtCore.QSignalBlocker(self._high)]
        self._low.setRange(self._lowest, high)
        self._high.setRange(low, self._highest)
        self._low.setValue(low)
        self._high.setValue(high)
        self._shown = (self._low.value, self._high.value)
        del blockers

    def setRange(self, lowest: float, highest: float) -> None:
        self._lowest, self._highest = min(lowest, highest), max(lowest, highest)
        self.rangeChanged.emit(self._lowest, self._highest)
        self.setValues(*self._shown)

    def setValues(self, low: float, high: float) -> None:
        before = self._shown
        low, high = (
            min(max(value, self._lowest), self._highest) for value in (min(low, high), max(low, high))
        )
        self._show(low, high)
        low, high = self._shown
        if low != before[0]:
            self.minimumValueIsChanging.emit(low)
            self.minimumValueChanged.emit(low)
        if high != before[1]:
            self.maximumValueIsChanging.emit(high)
            self.maximumValueChanged.emit(high)
        if self._shown != before:
            self.valuesChanged.emit(low, high)

    def setMinimumValue(self, value: float) -> None:
        self.setValues(value, max(value, self._high.value))

    def setMaximumValue(self, value: float) -> None:
        self.setValues(min(value, self._low.value), value)

    def setDecimals(self, decimals: int) -> None:
        self._low.setDecimals(decimals)
        self._high.setDecimals(decimals)

    def _both(kind: type, name: str) -> QtCore.Property:
        def assign(self: ctkRangeWidget, value: object) -> None:
            setattr(self._low, name, value)
            setattr(self._high, name, value)

        return QtCore.Property(kind, lambda self: getattr(self._low, name), assign)

    minimum = QtCore.Property(
        float, lambda self: self._lowest, lambda self, value: self.setRange(value, max(value, self._highest))
    )
    maximum = QtCore.Property(
        float, lambda self: self._highest, lambda self, value: self.setRange(min(value, self._lowest), value)
    )
    minimumValue = QtCore.Property(float, lambda self: self._low.value, setMinimumValue)
    maximumValue = QtCore.Property(float, lambda self: self._high.value, setMaximumValue)
    decimals = QtCore.Property(int, lambda self: self._low.decimals, setDecimals)
    singleStep = _both(float, "singleStep")
    prefix = _both(str, "prefix")
    suffix = _both(str, "suffix")
