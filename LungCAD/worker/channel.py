"""The worker's line to its panel: the real standard output, which libraries cannot reach."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import IO, Any

from LungCAD.progress import Progress
from LungCAD.worker.protocol import encode

PROGRESS_EVERY_S = 0.05


class Channel:
    """Sends messages over `stream`, whole lines even from several threads."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._lock = stream, threading.Lock()

    @classmethod
    def take_stdout(cls) -> Channel:
        """Take standard output for messages alone; what anybody prints from now on goes to standard error."""
        stream = os.fdopen(os.dup(1), "wb", buffering=0)
        sys.stdout.flush()
        os.dup2(2, 1)
        return cls(stream)

    def send(self, kind: str, **content: Any) -> None:  # noqa: ANN401 - whatever json can write
        """Send a message; a panel that is gone is no error, the worker hears of it elsewhere."""
        line = memoryview(encode(kind, **content))
        with self._lock:
            try:
                while line:
                    line = line[self._stream.write(line) :]
            except BrokenPipeError:
                return

    def progress_of(self, job: int) -> Progress:
        """Return a callback that reports a job's progress, at most every `PROGRESS_EVERY_S`."""
        sent_at, said = -1.0, ""

        def report(fraction: float, message: str) -> None:
            nonlocal sent_at, said
            now = time.monotonic()
            if message != said or now - sent_at >= PROGRESS_EVERY_S:
                sent_at, said = now, message
                self.send("progress", job=job, fraction=fraction, message=message)

        return report
