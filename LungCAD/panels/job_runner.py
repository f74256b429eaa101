"""Runs jobs in the worker process, one after the other, while Slicer stays responsive."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import qt

from LungCAD.errors import InputError, LungCADError
from LungCAD.panels.job_images import Source, collect, send
from LungCAD.panels.job_listener import JobListener
from LungCAD.panels.job_process import JobProcess, worker_command
from LungCAD.panels.job_turns import Turns
from LungCAD.panels.job_watch import JobWatch
from LungCAD.progress import part
from LungCAD.steps import Steps
from LungCAD.worker import JobError, JobResult, Reason, protocol
from LungCAD.worker.job_error import understandable
from LungCAD.worker.protocol import Message

TICK_S = 0.5
"""How often the worker is looked at."""
SENT, RECEIVED = 0.04, 0.96
"""Shares of the progress: images go to the worker before the first, come back after the second."""


class JobRunner:
    """Keeps a worker warm from job to job; starts a fresh one after a cancelled or crashed job.

    Parameters
    ----------
    command : that starts the worker; the folder for images is added as last argument.
    watch : tells a worker that hangs or takes too long, and why one has vanished.

    `observers` are called without argument when a job begins and when it has ended.
    """

    def __init__(self, command: Sequence[str] | None = None, watch: JobWatch | None = None) -> None:
        self._command = command
        self._process: JobProcess | None = None
        self._listener: JobListener | None = None
        self._turns: Turns | None = None
        self._job = 0
        self._is_done = self._is_received = False
        self.watch = watch or JobWatch()
        self._timer = qt.QTimer()
        self._timer.setInterval(round(1000 * TICK_S))
        self._timer.timeout.connect(self._look)
        self.observers: list[Callable[[], None]] = []

    @property
    def is_busy(self) -> bool:
        """Whether a job is under way, its result not shown completely."""
        return self._listener is not None

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker, None while there is none."""
        return self._process.pid if self._process else None

    def require_idle(self) -> None:
        """Raise ValueError while a job is under way."""
        if self.is_busy:
            raise ValueError("name: another job is under way")

    def start(
        self,
        name: str,
        inputs: Mapping[str, Source],
        parameters: Mapping[str, Any],
        listener: JobListener,
        limit_s: float | None = None,
    ) -> None:
        """Start a job; after `limit_s` seconds it is stopped.

        Raises
        ------
        ValueError
            Another job is under way.
        """
        self.require_idle()
        self._listener, self._job = listener, self._job + 1
        self._is_done = self._is_received = False
        self.watch.begin(limit_s)
        self._timer.start()
        self._notify()
        listener.progress(0.0, "Starting")
        try:
            self._process = self._process or JobProcess(
                self._command or worker_command(), self._receive, self._log, self._vanished
            )
        except OSError as error:
            self._fail(error)
            return
        self._turns = Turns(self._request(name, inputs, parameters), self._send, self._fail)

    def cancel(self) -> None:
        """Kill the worker at once, or stop showing its result; does nothing while no job is under way."""
        if self.is_busy:
            self._end(self._listener.cancelled, keep_worker=self._is_received)

    def stop(self) -> None:
        """End the worker even if it is idle: before Slicer exits, before packages are installed."""
        process = self._process
        self.cancel()
        if process:
            process.kill()
            process.wait(2.0)
            self._process = None

    def _request(
        self, name: str, inputs: Mapping[str, Source], parameters: Mapping[str, Any]
    ) -> Steps[bytes]:
        """Hand the images over; return the message that asks for the job."""
        progress = part(self._listener.progress, 0.0, SENT)
        images = yield from send(inputs, self._process.folder.path, self._job, progress)
        return protocol.encode("run", job=self._job, name=name, inputs=images, parameters=dict(parameters))

    def _send(self, message: bytes) -> None:
        self._turns = None
        self._process.send(message)

    def _receive(self, message: Message) -> None:
        self.watch.heard(message)
        kind = message["kind"]
        if kind == "hello" and message["protocol"] != protocol.VERSION:
            self._fail(JobError(Reason.START, "the worker is of another version; start Slicer again"))
        if message.get("job") != self._job or not self.is_busy:
            return
        if kind == "progress":
            part(self._listener.progress, SENT, RECEIVED)(message["fraction"], message["message"])
        elif kind == "failed":
            self._fail(protocol.error_from_data(message["error"]))
        elif kind == "done":
            self._is_done = True
            self._turns = Turns(self._take_result(message), self._finish, self._fail)

    def _take_result(self, message: Message) -> Steps[JobResult]:
        progress = part(self._listener.progress, RECEIVED, 1.0)
        result = yield from collect(message, self._process.folder.path, progress)
        self._is_received = True
        yield from self._listener.show_in_steps(result)
        return result

    def _log(self, line: str) -> None:
        self.watch.printed(line)
        if self.is_busy:
            self._listener.log(line)

    def _look(self) -> None:
        problem = None if self._is_done else self.watch.tick(TICK_S)
        if problem:
            self._fail(problem)

    def _vanished(self) -> None:
        """The worker has ended by itself, or was killed from outside; after its last word that is no harm."""
        if not self.is_busy:
            self._process.kill()
            self._process = None
        elif not self._is_done:
            self._fail(self.watch.why_vanished(self._process.pid is not None))

    def _finish(self, result: JobResult) -> None:
        listener = self._listener
        self._end(lambda: listener.finished(result), keep_worker=True)

    def _fail(self, error: Exception) -> None:
        if not self.is_busy:
            return
        listener, told = self._listener, understandable(error)
        if not isinstance(error, LungCADError):
            listener.log("".join(traceback.format_exception(error)))
        healthy = self._is_received or isinstance(told, InputError) or told.reason is Reason.ERROR
        self._end(lambda: listener.failed(told), keep_worker=healthy)

    def _end(self, tell: Callable[[], None], keep_worker: bool) -> None:
        self._timer.stop()
        if self._turns:
            self._turns.stop()
        self._turns = self._listener = None
        if self._process and (not keep_worker or self._process.has_ended):
            self._process.kill()
            self._process = None
        self._notify()
        tell()

    def _notify(self) -> None:
        for observer in list(self.observers):
            observer()
