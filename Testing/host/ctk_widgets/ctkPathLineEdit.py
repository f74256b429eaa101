from __future__ import annotations

from pathlib import Path

from PySide6 import QtCore, QtWidgets

from Testing.host.pythonqt.declaring import kept
from Testing.host.pythonqt.properties import like_cpp


@like_cpp
class ctkPathLineEdit(QtWidgets.QWidget):
    """A path to choose, with a history and a browse button."""

    Dirs, Files, Drives, NoSymLinks = 0x1, 0x2, 0x4, 0x8
    Readable, Writable, Executable = 0x10, 0x20, 0x40
    NoDot, NoDotDot, NoDotAndDotDot = 0x2000, 0x4000, 0x6000

    currentPathChanged = QtCore.Signal(str)
    validInputChanged = QtCore.Signal(bool)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._filters = self.Files
        self._valid = False
        self._combo = QtWidgets.QComboBox()
        self._combo.setEditable(True)
        self._combo.setSizePolicy(QtWidgets.QSizePolicy.Ignored, QtWidgets.QSizePolicy.Fixed)
        self._button = QtWidgets.QToolButton()
        self._button.setText("...")
        self._button.clicked.connect(self.browse)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._combo, 1)
        layout.addWidget(self._button)
        self._combo.editTextChanged.connect(self._edited)

    def _edited(self, path: str) -> None:
        valid = bool(path) and (Path(path).is_dir() if self._filters & self.Dirs else not Path(path).is_dir())
        if valid != self._valid:
            self._valid = valid
            self.validInputChanged.emit(valid)
        self.currentPathChanged.emit(path)

    def setCurrentPath(self, path: str) -> None:
        self._combo.setEditText(path)

    def browse(self) -> None:
        directory = self._filters & self.Dirs
        dialog = QtWidgets.QFileDialog
        self.setCurrentPath(
            dialog.getExistingDirectory(self, "") if directory else dialog.getOpenFileName(self, "")
        )

    def addCurrentPathToHistory(self) -> None:
        if self._combo.findText(self.currentPath) < 0:
            self._combo.addItem(self.currentPath)

    def retrieveHistory(self) -> None:
        """The stand-in keeps no history between sessions."""

    def comboBox(self) -> QtWidgets.QComboBox:
        return self._combo

    def _set_filters(self, filters: object) -> None:
        if isinstance(filters, str):  # from a .ui file: "ctkPathLineEdit::Dirs|ctkPathLineEdit::Files"
            filters = sum({getattr(self, name.rpartition("::")[2], 0) for name in filters.split("|")})
        self._filters = int(filters)

    currentPath = QtCore.Property(str, lambda self: self._combo.currentText, setCurrentPath)
    filters = QtCore.Property("QVariant", lambda self: self._filters, _set_filters)
    nameFilters = kept("QStringList", ())
    settingKey = kept(str, "")
    label = kept(str, "")
    showBrowseButton = QtCore.Property(
        bool, lambda self: not self._button.isHidden(), lambda self, on: self._button.setVisible(on)
    )
    showHistoryButton = kept(bool, True)
