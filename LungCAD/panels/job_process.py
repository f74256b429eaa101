"""The worker process as Slicer sees it: started, spoken to, killed."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import qt

import LungCAD
from LungCAD.worker.job_folder import JobFolder
from LungCAD.worker.protocol import Message, MessageReader

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
"""The signal that ends a process at once, on the systems that have it and on Windows."""

_held: set[JobProcess] = set()
"""An object must not go while its process is running, nor in the middle of one of its signals."""


def worker_command() -> list[str]:
    """Return the command that starts the worker: Slicer's Python, outside Slicer the running one."""
    return [shutil.which("PythonSlicer") or sys.executable, "-u", "-m", "LungCAD.worker"]


class JobProcess:
    """A worker process with the private folder through which images are handed over.

    `receive` is called with every message, `log` with every line that anything printed, `ended` once if the
    process ends without being killed here; `has_ended` then. The folder stays until `kill`, even so.

    PythonSlicer is a launcher and the worker its child: killing the one leaves the other. Therefore the
    worker tells its own process id first.
    """

    def __init__(
        self,
        command: Sequence[str],
        receive: Callable[[Message], None],
        log: Callable[[str], None],
        ended: Callable[[], None],
    ) -> None:
        self._receive, self._log, self._ended = receive, log, ended
        self._killed = self.has_ended = False
        self.pid: int | None = None
        self.folder = JobFolder()
        self._messages, self._printed = MessageReader(), MessageReader()
        self._process = qt.QProcess()
        self._process.setProcessEnvironment(_environment())
        # A folder that nobody else writes to: Python looks for modules there first.
        self._process.setWorkingDirectory(str(self.folder.path))
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.readyReadStandardError.connect(self._read_printed)
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)
        _held.add(self)
        program, *arguments = command
        self._process.start(program, [*arguments, str(self.folder.path)])

    def send(self, message: bytes) -> None:
        """Send an encoded message."""
        self._process.write(message)

    def kill(self) -> None:
        """End the worker at once and remove the folder; nobody is called any more."""
        self._killed = True
        if self.has_ended:
            self.folder.remove()
            return
        # A launcher that dies before its child has said its process id closes the child's standard input.
        _kill(self.pid)
        self._process.kill()

    def wait(self, seconds: float) -> None:
        """Wait, without an event loop, until the process has ended."""
        self._process.waitForFinished(int(1000 * seconds))

    def _read(self) -> None:
        for message in self._messages.feed(self._process.readAllStandardOutput().data() or b""):
            if self._killed:
                return
            if isinstance(message, str):
                self._log(message)
            else:
                self.pid = message.get("pid", self.pid)
                self._receive(message)

    def _read_printed(self) -> None:
        for line in self._printed.feed(self._process.readAllStandardError().data() or b""):
            if not self._killed:
                self._log(str(line))

    def _on_finished(self) -> None:
        self._read_printed()
        self._read()
        if self._process.exitStatus() == qt.QProcess.CrashExit:
            _kill(self.pid)  # perhaps only the launcher was killed
        self._end()

    def _on_error(self) -> None:
        if self._process.error() == qt.QProcess.FailedToStart:
            self._end()

    def _end(self) -> None:
        if self.has_ended:
            return
        self.has_ended = True
        qt.QTimer.singleShot(0, lambda: _held.discard(self))
        if self._killed:
            self.folder.remove()
        else:
            self._ended()


def _kill(pid: int | None) -> None:
    if pid is not None:
        with contextlib.suppress(OSError):  # it has ended already
            os.kill(pid, KILL)


def _environment() -> qt.QProcessEnvironment:
    environment = qt.QProcessEnvironment.systemEnvironment()
    ours, inherited = str(Path(LungCAD.__file__).parents[1]), environment.value("PYTHONPATH")
    environment.insert("PYTHONPATH", os.pathsep.join(filter(None, [ours, inherited])))
    # Threads of OpenMP that spin while they wait make two of them slower than one on a busy machine.
    if not environment.contains("OMP_WAIT_POLICY"):
        environment.insert("OMP_WAIT_POLICY", "PASSIVE")
    return environment
