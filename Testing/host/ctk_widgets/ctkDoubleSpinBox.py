from __future__ import annotations

from PySide6 import QtCore, QtWidgets

from Testing.host.pythonqt.declaring import part
from Testing.host.pythonqt.properties import like_cpp


@like_cpp
class ctkDoubleSpinBox(QtWidgets.QWidget):
    """A spin box in a widget of its own; its range is set by assignment."""

    valueChanged = QtCore.Signal((float,), (str,))
    editingFinished = QtCore.Signal()
    decimalsChanged = QtCore.Signal(int)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._box = QtWidgets.QDoubleSpinBox()
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        self._box.valueChanged.connect(self._box_changed)
        self._box.editingFinished.connect(self.editingFinished)

    def _box_changed(self, value: float) -> None:
        self.valueChanged[float].emit(value)
        self.valueChanged[str].emit(self._box.text)

    def setValue(self, value: float) -> None:
        self._box.setValue(value)

    def setValueIfDifferent(self, value: float) -> None:
        self._box.setValue(value)

    def setDecimals(self, decimals: int) -> None:
        self._box.setDecimals(decimals)
        self.decimalsChanged.emit(decimals)

    def setReadOnly(self, read_only: bool) -> None:
        self._box.setReadOnly(read_only)

    def stepUp(self) -> None:
        self._box.stepUp()

    def stepDown(self) -> None:
        self._box.stepDown()

    value = QtCore.Property(float, lambda self: self._box.value, setValue)
    minimum = part(float, "_box", "minimum")
    maximum = part(float, "_box", "maximum")
    singleStep = part(float, "_box", "singleStep")
    decimals = QtCore.Property(int, lambda self: self._box.decimals, setDecimals)
    prefix = part(str, "_box", "prefix")
    suffix = part(str, "_box", "suffix")
    cleanText = QtCore.Property(str, lambda self: self._box.cleanText)
    readOnly = part(bool, "_box", "readOnly")
