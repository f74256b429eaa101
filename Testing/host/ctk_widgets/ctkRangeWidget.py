from __future__ import annotations

from PySide6 import QtCore, QtWidgets

from Testing.host.pythonqt.properties import like_cpp


@like_cpp
class ctkRangeWidget(QtWidgets.QWidget):  # noqa: N801
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
        self._limit()
        self._high.setValue(self._highest)
        self._low.valueChanged.connect(self._low_changed)
        self._high.valueChanged.connect(self._high_changed)

    def _low_changed(self, value: float) -> None:
        self._limit()
        self.minimumValueIsChanging.emit(value)
        self.minimumValueChanged.emit(value)
        self.valuesChanged.emit(value, self._high.value)

    def _high_changed(self, value: float) -> None:
        self._limit()
        self.maximumValueIsChanging.emit(value)
        self.maximumValueChanged.emit(value)
        self.valuesChanged.emit(self._low.value, value)

    def _limit(self) -> None:
        self._low.setRange(self._lowest, max(self._lowest, self._high.value))
        self._high.setRange(self._low.value, self._highest)

    def setRange(self, lowest: float, highest: float) -> None:
        self._lowest, self._highest = min(lowest, highest), max(lowest, highest)
        self._low.setRange(self._lowest, self._highest)
        self._high.setRange(self._lowest, self._highest)
        self._limit()
        self.rangeChanged.emit(self._lowest, self._highest)

    def setValues(self, low: float, high: float) -> None:
        self._low.setRange(self._lowest, self._highest)
        self._high.setRange(self._lowest, self._highest)
        self._low.setValue(min(low, high))
        self._high.setValue(max(low, high))

    def setMinimumValue(self, value: float) -> None:
        self.setValues(value, max(value, self._high.value))

    def setMaximumValue(self, value: float) -> None:
        self.setValues(min(value, self._low.value), value)

    def setDecimals(self, decimals: int) -> None:
        self._low.setDecimals(decimals)
        self._high.setDecimals(decimals)

    def _set_both(name: str):
        def assign(self: ctkRangeWidget, value: object) -> None:
            setattr(self._low, name, value)
            setattr(self._high, name, value)

        return assign

    minimum = QtCore.Property(
        float, lambda self: self._lowest, lambda self, value: self.setRange(value, max(value, self._highest))
    )
    maximum = QtCore.Property(
        float, lambda self: self._highest, lambda self, value: self.setRange(min(value, self._lowest), value)
    )
    minimumValue = QtCore.Property(float, lambda self: self._low.value, setMinimumValue)
    maximumValue = QtCore.Property(float, lambda self: self._high.value, setMaximumValue)
    decimals = QtCore.Property(int, lambda self: self._low.decimals, setDecimals)
    singleStep = QtCore.Property(float, lambda self: self._low.singleStep, _set_both("singleStep"))
    prefix = QtCore.Property(str, lambda self: self._low.prefix, _set_both("prefix"))
    suffix = QtCore.Property(str, lambda self: self._low.suffix, _set_both("suffix"))
