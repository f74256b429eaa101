from __future__ import annotations

from typing import Any

from PySide6 import QtWidgets

from Testing.host.application.qMRMLSliceView import qMRMLSliceView
from Testing.host.mrml_widgets.qMRMLWidget import qMRMLWidget
from Testing.host.pythonqt.properties import like_cpp


@like_cpp
class qMRMLSliceWidget(qMRMLWidget):
    """One slice view with its logic. The controller bar is not drawn."""

    def __init__(self, logic: Any) -> None:
        super().__init__()
        self._logic = logic
        self._view = qMRMLSliceView(logic)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view)

    def sliceLogic(self) -> Any:
        return self._logic

    def logic(self) -> Any:
        return self._logic

    def mrmlSliceNode(self) -> Any:
        return self._logic.GetSliceNode()

    def mrmlSliceCompositeNode(self) -> Any:
        return self._logic.GetSliceCompositeNode()

    def sliceView(self) -> qMRMLSliceView:
        return self._view

    def fitSliceToBackground(self) -> None:
        self._logic.FitSliceToBackground()

    def setSliceOrientation(self, orientation: str) -> None:
        self._logic.GetSliceNode().SetOrientation(orientation)
