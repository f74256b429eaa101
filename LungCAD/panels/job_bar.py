"""The lower end of every module's panel: Apply, Cancel, progress, what went wrong, log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ctk
import qt

from LungCAD.errors import LungCADError
from LungCAD.panels.job_images import Source
from LungCAD.panels.job_listener import JobListener
from LungCAD.panels.job_runner import JobRunner
from LungCAD.panels.job_watch import gigabytes
from LungCAD.steps import Steps
from LungCAD.worker import JobResult

Finished = Callable[[JobResult], Steps[object] | None]
Failed = Callable[[LungCADError], None]

ELSEWHERE = "Another module is computing"
LOG_LINES = 1000


class JobBar(JobListener):
    """A widget that starts a module's job and shows how it goes.

    Parameters
    ----------
    runner : shared by all modules, so that there is one worker.
    apply : called when Apply is clicked; it should call `run`.

    Apply is disabled while there is a `problem` (a sentence, its tool tip) or any job is under way.
    """

    def __init__(self, runner: JobRunner, apply: Callable[[], None]) -> None:
        self._runner, self._problem = runner, ""
        self._finished: Finished | None = None
        self._failed: Failed | None = None
        self._build(apply)
        runner.observers.append(self._refresh)
        self._refresh()

    @property
    def is_running(self) -> bool:
        """Whether a job of this bar is under way, its result not shown completely."""
        return self._finished is not None

    @property
    def problem(self) -> str:
        """Why Apply is disabled; empty if it is not."""
        return self._problem

    @problem.setter
    def problem(self, sentence: str) -> None:
        self._problem = sentence
        self._refresh()

    @property
    def status(self) -> str:
        """The sentence on display."""
        return self._status.text

    @property
    def log_text(self) -> str:
        """What the worker printed during the last job."""
        return self._log.plainText

    @property
    def memory_text(self) -> str:
        """How much memory the worker uses, as far as it told."""
        used = self._runner.watch.memory.get("used")
        return f"{gigabytes(used)} of memory used" if used else ""

    def run(
        self,
        name: str,
        inputs: Mapping[str, Source],
        parameters: Mapping[str, Any],
        finished: Finished,
        failed: Failed | None = None,
    ) -> None:
        """Start a job (`JobRunner.start`).

        `finished` gets the result; if it returns a generator, its steps are taken between the turns of the
        event loop and belong to the job: Cancel stops them. `failed` gets an error, which is shown anyway.

        Raises
        ------
        ValueError
            Another job is under way, of this or another module.
        """
        self._runner.require_idle()
        self._finished, self._failed = finished, failed
        self._log.clear()
        self._runner.start(name, inputs, parameters, self)

    def cancel(self) -> None:
        """Stop the job of this bar, if one is under way: also before the scene closes."""
        if self.is_running:
            self._runner.cancel()

    def close(self) -> None:
        """Cancel, and be told of no other job: the panel goes."""
        self.cancel()
        self._runner.observers.remove(self._refresh)

    def progress(self, fraction: float, message: str) -> None:
        """Show it."""
        self._bar.value = round(1000 * fraction)
        self._say(message)
        self._bar.toolTip = self.memory_text

    def log(self, line: str) -> None:
        """Show it."""
        self._log.appendPlainText(line)

    def show_in_steps(self, result: JobResult) -> Steps[None]:
        """Hand the result to whoever started the job."""
        self._say("Showing the result")
        steps = self._finished(result)
        if steps is not None:
            yield from steps

    def finished(self, result: JobResult) -> None:
        """Say so."""
        self._close("Done")

    def failed(self, error: LungCADError) -> None:
        """Say why."""
        tell = self._failed
        self._close(str(error))
        if tell:
            tell(error)

    def cancelled(self) -> None:
        """Say so."""
        self._close("Cancelled")

    def _close(self, sentence: str) -> None:
        self._finished = self._failed = None
        self._say(sentence)
        self._refresh()

    def _refresh(self) -> None:
        busy = self._runner.is_busy
        reason = self._problem or (ELSEWHERE if busy and not self.is_running else "")
        self.apply_button.enabled = not (reason or busy or self.is_running)
        self.apply_button.toolTip = reason or "Start the computation"
        self.cancel_button.enabled = self.is_running
        self._bar.visible = self.is_running

    def _say(self, sentence: str) -> None:
        self._status.text = sentence
        self._status.visible = bool(sentence)

    def _build(self, apply: Callable[[], None]) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self._status = qt.QLabel()
        self._status.wordWrap = True
        self._status.visible = False
        self._bar = qt.QProgressBar()
        self._bar.maximum = 1000
        buttons = qt.QHBoxLayout()
        self.apply_button, self.cancel_button = qt.QPushButton("Apply"), qt.QPushButton("Cancel")
        self.apply_button.clicked.connect(lambda *_: apply())
        self.cancel_button.clicked.connect(lambda *_: self.cancel())
        for button in (self.apply_button, self.cancel_button):
            buttons.addWidget(button)
        layout.addLayout(buttons)
        layout.addWidget(self._status)
        layout.addWidget(self._bar)
        layout.addWidget(self._build_log())

    def _build_log(self) -> ctk.ctkCollapsibleButton:
        frame = ctk.ctkCollapsibleButton()
        frame.text = "Log"
        frame.collapsed = True
        self._log = qt.QPlainTextEdit()
        self._log.readOnly = True
        self._log.maximumBlockCount = LOG_LINES
        qt.QVBoxLayout(frame).addWidget(self._log)
        return frame
