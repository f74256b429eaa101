"""How a worker is: alive, hanging, too late, or gone and why."""

from __future__ import annotations

from LungCAD.worker import JobError, Reason
from LungCAD.worker.protocol import Message

PATIENCE_S = 300.0
"""A worker that neither speaks nor computes for so long hangs. Reading a large file is silent work."""
SCARCE_BYTES = 1 << 30
"""A worker that vanishes while less memory than this is free was most likely ended for it."""
FATAL = "Fatal Python error: "
"""What Python prints before it goes down."""


class JobWatch:
    """Listens to the worker of one job after the other.

    Time is counted in ticks of a running event loop: a computer that slept, or a dialog that held Slicer up,
    is not the worker's fault. `memory` is what the worker told last: bytes `used`, `peak` and `free`.
    """

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self.patience_s = patience_s
        self.memory: dict[str, int | None] = {}
        self.begin(None)

    def begin(self, limit_s: float | None) -> None:
        """A job begins."""
        self._limit_s, self._passed_s, self._silent_s = limit_s, 0.0, 0.0
        self._last_line = self._fatal = ""

    def heard(self, message: Message) -> None:
        """The worker sent a message."""
        self._silent_s = 0.0
        if message["kind"] == "alive":
            self.memory = {name: message[name] for name in ("used", "peak", "free")}

    def printed(self, line: str) -> None:
        """The worker printed a line."""
        self._last_line = line.strip() or self._last_line
        if line.startswith(FATAL):
            self._fatal = line.removeprefix(FATAL)

    def tick(self, seconds: float) -> JobError | None:
        """Let time pass; return what is wrong by now."""
        self._passed_s += seconds
        self._silent_s += seconds
        if self._limit_s is not None and self._passed_s > self._limit_s:
            return JobError(Reason.TIME, duration(self._limit_s))
        if self._silent_s > self.patience_s:
            return JobError(Reason.HANG, duration(self.patience_s))
        return None

    def why_vanished(self, was_running: bool) -> JobError:
        """Return why a worker has ended without a last message, as far as one can tell."""
        if self._fatal:
            return JobError(Reason.CRASH, self._fatal)
        if not was_running:
            return JobError(Reason.START, self._last_line or "its Python could not be started")
        free = self.memory.get("free")
        if free is not None and free < SCARCE_BYTES:
            return JobError(Reason.MEMORY, f"the system ended it with {gigabytes(free)} free")
        used = self.memory.get("used")
        detail = "it was ended from outside"
        return JobError(Reason.CRASH, f"{detail}; it used {gigabytes(used)} of memory" if used else detail)


def gigabytes(size: int) -> str:
    """Return bytes in words."""
    return f"{size / 1e9:.1f} GB"


def duration(seconds: float) -> str:
    """Return a time in words."""
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
