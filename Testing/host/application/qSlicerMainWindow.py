from __future__ import annotations

from PySide6 import QtGui, QtWidgets

from Testing.host.application.qSlicerLayoutManager import qSlicerLayoutManager
from Testing.host.application.qSlicerModuleSelectorToolBar import qSlicerModuleSelectorToolBar
from Testing.host.pythonqt.properties import like_cpp

TAKEN_KEYS = (
    *"0123456789", *(f"Shift+{digit}" for digit in "0123456789"), "Esc", "Space", "Z", "Y",
    "Ctrl+Z", "Ctrl+Y", "Q", "W", "I", "/", "*", ",", ".", "<", ">",
)  # fmt: skip
"""Keys of the Segment Editor and of the views. A second shortcut on one of them fires neither."""


@like_cpp
class qSlicerMainWindow(QtWidgets.QMainWindow):
    """The main window: slice views in the middle, and the shortcuts that Slicer has taken."""

    def __init__(self, layout_manager: qSlicerLayoutManager) -> None:
        super().__init__()
        self.setObjectName("qSlicerMainWindow")
        self._selector = qSlicerModuleSelectorToolBar()
        middle = QtWidgets.QWidget()
        row = QtWidgets.QHBoxLayout(middle)
        for name in layout_manager.sliceViewNames():
            row.addWidget(layout_manager.sliceWidget(name))
        self.setCentralWidget(middle)
        self._taken = [QtGui.QShortcut(QtGui.QKeySequence(key), self) for key in TAKEN_KEYS]
        self.resize(900, 300)

    def moduleSelector(self) -> qSlicerModuleSelectorToolBar:
        return self._selector
