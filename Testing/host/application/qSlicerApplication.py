from __future__ import annotations

import atexit
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import slicer
from PySide6 import QtCore, QtWidgets

from Testing.host import python_slicer
from Testing.host.application.home import connect_files, furnish
from Testing.host.application.modules import build_logics
from Testing.host.application.qSlicerCoreIOManager import qSlicerCoreIOManager
from Testing.host.application.qSlicerLayoutManager import qSlicerLayoutManager
from Testing.host.application.qSlicerMainWindow import qSlicerMainWindow
from Testing.host.application.qSlicerModuleManager import qSlicerModuleManager
from Testing.host.application.subject_hierarchy import follow_nodes
from Testing.host.pythonqt.declaring import fixed
from Testing.host.pythonqt.properties import like_cpp


@like_cpp
class qSlicerApplication(QtWidgets.QApplication):
    """The application with its scene, its logics and its managers."""

    startupCompleted = QtCore.Signal()
    mrmlSceneChanged = QtCore.Signal(object)

    def __init__(self, with_views: bool = True) -> None:
        super().__init__(["Slicer"])
        self.setApplicationName("Slicer")
        self.setApplicationVersion("5.12.4")
        self._folder = tempfile.TemporaryDirectory(prefix="slicer-host-")
        self._temporary = self._folder.name + "/temporary"
        self._settings = QtCore.QSettings(self._folder.name + "/Slicer.ini", QtCore.QSettings.IniFormat)
        home = Path(self._folder.name)
        furnish(home)
        self._options = SimpleNamespace(noMainWindow=not with_views, runPythonAndExit=False)
        self._testing = False
        self._exit_code: int | None = None
        self._ended = False
        self.aboutToQuit.connect(lambda: setattr(self, "_ended", True))
        self._scene = slicer.vtkMRMLScene()
        self._scene.SetRootDirectory(self._folder.name)
        self._logic = slicer.vtkSlicerApplicationLogic()
        self._logic.SetTemporaryPath(self.temporaryPath)
        self._logics = build_logics(self._logic, self._scene, home)
        self._file_access = connect_files(self._logic, self._scene, home)
        follow_nodes(self._scene)
        self._io = qSlicerCoreIOManager(self._scene, self._logics)
        self._modules = qSlicerModuleManager()
        self._layout = self._window = None
        if with_views:
            self._layout = qSlicerLayoutManager(self._logic, self._scene)
            self._window = qSlicerMainWindow(self._layout)
        python_slicer.put_on_path(home / "bin")
        atexit.register(self._say_that_it_ends)

    def mrmlScene(self) -> Any:
        return self._scene

    def applicationLogic(self) -> Any:
        return self._logic

    def moduleLogic(self, name: str) -> Any:
        return self._logics.get(name)

    def layoutManager(self) -> qSlicerLayoutManager | None:
        return self._layout

    def coreIOManager(self) -> qSlicerCoreIOManager:
        return self._io

    def ioManager(self) -> qSlicerCoreIOManager:
        return self._io

    def moduleManager(self) -> qSlicerModuleManager:
        return self._modules

    def commandOptions(self) -> SimpleNamespace:
        return self._options

    def settings(self) -> QtCore.QSettings:
        return self._settings

    def userSettings(self) -> QtCore.QSettings:
        return self._settings

    def revisionUserSettings(self) -> QtCore.QSettings:
        return self._settings

    def startupEnvironment(self) -> QtCore.QProcessEnvironment:
        return QtCore.QProcessEnvironment.systemEnvironment()

    def testingEnabled(self) -> bool:
        return self._testing

    def pauseRender(self) -> None:
        """Views are drawn when a picture of them is taken."""

    def resumeRender(self) -> None:
        """See pauseRender."""

    def exit(self, status: int = 0) -> None:
        """Ask the event loop to end; the caller's code runs on, as in Slicer."""
        self._exit_code = status
        QtWidgets.QApplication.exit(status)

    def _say_that_it_ends(self) -> None:
        """Qt says so itself only when its event loop has run."""
        if not self._ended:
            self.aboutToQuit.emit()

    def _wait_for_exit(self, seconds: float) -> int | None:
        """Run the event loop until somebody has asked for the end; None if nobody does in that time."""
        if self._exit_code is None:
            QtCore.QTimer.singleShot(int(1000 * seconds), QtWidgets.QApplication.quit)
            self.exec()
        return self._exit_code

    temporaryPath = QtCore.Property(
        str, lambda self: self._temporary, lambda self, path: setattr(self, "_temporary", path)
    )
    slicerHome = QtCore.Property(str, lambda self: self._folder.name)
    majorVersion = fixed(int, 5)
    minorVersion = fixed(int, 12)
    mainApplicationName = fixed(str, "Slicer")
    os = fixed(str, "linux")
