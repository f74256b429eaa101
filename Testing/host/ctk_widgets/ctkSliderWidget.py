from __future__ import annotations

from PySide6 import QtCore, QtWidgets

from Testing.host.pythonqt.declaring import kept, part
from Testing.host.pythonqt.properties import like_cpp

STEPS = 10_000


@like_cpp
class ctkSliderWidget(QtWidgets.QWidget):
    """A slider with a spin box beside it."""

    valueChanged = QtCore.Signal(float)
    valueIsChanging = QtCore.Signal(float)
    decimalsChanged = QtCore.Signal(int)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._slider = QtWidgets.QSlider(QtCore.Qt.Horizontal)
        self._slider.setRange(0, STEPS)
        self._box = QtWidgets.QDoubleSpinBox()
        self._box.setRange(0, 100)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider, 1)
        layout.addWidget(self._box)
        self._box.valueChanged.connect(self._box_moved)
        self._slider.valueChanged.connect(self._slider_moved)

    def _box_moved(self, value: float) -> None:
        self._place_slider()
        self.valueIsChanging.emit(value)
        self.valueChanged.emit(value)

    def _slider_moved(self, step: int) -> None:
        low, high = self._box.minimum, self._box.maximum
        self._box.setValue(low + (high - low) * step / STEPS)

    def _place_slider(self) -> None:
        low, high = self._box.minimum, self._box.maximum
        blocker = QtCore.QSignalBlocker(self._slider)
        self._slider.setValue(round(STEPS * (self._box.value - low) / (high - low)) if high > low else 0)
        blocker.unblock()

    def _bound(name: str) -> QtCore.Property:
        """An end of the range: the slider follows."""

        def assign(self: ctkSliderWidget, value: float) -> None:
            setattr(self._box, name, value)
            self._place_slider()

        return QtCore.Property(float, lambda self: getattr(self._box, name), assign)

    def setValue(self, value: float) -> None:
        self._box.setValue(value)

    def setDecimals(self, decimals: int) -> None:
        self._box.setDecimals(decimals)
        self.decimalsChanged.emit(decimals)

    def setSpinBoxVisible(self, visible: bool) -> None:
        self._box.setVisible(visible)

    def reset(self) -> None:
        self._box.setValue(self._box.minimum)

    value = QtCore.Property(float, lambda self: self._box.value, setValue)
    minimum = _bound("minimum")
    maximum = _bound("maximum")
    singleStep = part(float, "_box", "singleStep")
    pageStep = kept(float, 10.0)
    decimals = QtCore.Property(int, lambda self: self._box.decimals, setDecimals)
    prefix = part(str, "_box", "prefix")
    suffix = part(str, "_box", "suffix")
    tracking = kept(bool, True)
    spinBoxVisible = QtCore.Property(bool, lambda self: not self._box.isHidden(), setSpinBoxVisible)
