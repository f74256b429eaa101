from __future__ import annotations

from PySide6 import QtWidgets

from Testing.host.application.qMRMLPlotView import qMRMLPlotView
from Testing.host.mrml_widgets.qMRMLWidget import qMRMLWidget
from Testing.host.pythonqt.properties import like_cpp


@like_cpp
class qMRMLPlotWidget(qMRMLWidget):
    """One plot view."""

    def __init__(self) -> None:
        super().__init__()
        self._view = qMRMLPlotView()
        layout = QtWidgets.QVBoxLayout(self)
        layout.addWidget(self._view)

    def plotView(self) -> qMRMLPlotView:
        return self._view
