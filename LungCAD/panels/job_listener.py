"""Who is told how a job goes."""

from __future__ import annotations

from LungCAD.errors import LungCADError
from LungCAD.steps import Steps
from LungCAD.worker import JobResult


class JobListener:
    """Does nothing; override what is of interest.

    After `progress` and `log`, called often, and `show_in_steps`, exactly one of `finished`, `failed` and
    `cancelled` is called.
    """

    def progress(self, fraction: float, message: str) -> None:
        """The job is at `fraction` (0..1), doing `message`."""

    def log(self, line: str) -> None:
        """The worker printed a line."""

    def show_in_steps(self, result: JobResult) -> Steps[None]:
        """Show the result, yielding now and then: the job is under way until that is done."""
        yield from ()

    def finished(self, result: JobResult) -> None:
        """The job is done."""

    def failed(self, error: LungCADError) -> None:
        """There is no result: an `InputError` of the input that its subject names, or a `JobError`."""

    def cancelled(self) -> None:
        """The job was cancelled."""
