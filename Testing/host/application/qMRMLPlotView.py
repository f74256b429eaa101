from __future__ import annotations

from PySide6 import QtCore, QtWidgets

from Testing.host.pythonqt.properties import like_cpp


@like_cpp
class qMRMLPlotView(QtWidgets.QWidget):
    """Nothing is drawn; a test emits what a click on a point emits."""

    dataSelected = QtCore.Signal(object, object)
