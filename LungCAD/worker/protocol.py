"""What worker and panel say to each other: one JSON object per line, of one `kind`.

===========  ==================================================================================
to worker
run          job, name, parameters, inputs (as `LungCAD.worker.image_files` describes images)
from worker
hello        pid, protocol; always first
alive        used, peak, free (bytes); only while the worker computes
progress     job, fraction, message
done         job, images, data; the only sign of success
failed       job, error (as `error_as_data` writes it)
===========  ==================================================================================
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from LungCAD.errors import InputError, LungCADError
from LungCAD.worker.job_error import JobError, Reason

VERSION = 1

Message = dict[str, Any]


def encode(kind: str, **content: Any) -> bytes:  # noqa: ANN401 - whatever json can write
    """Return a message as a line of UTF-8."""
    return json.dumps({"kind": kind, **content}).encode() + b"\n"


class MessageReader:
    """Takes bytes as they come, gives whole messages; a line that is none comes back as text."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Message | str]:
        """Yield what `data` completes."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            yield decode(line)


def decode(line: bytes) -> Message | str:
    """Return the message of a line, or the line itself as text if it is none."""
    try:
        message = json.loads(line)
    except ValueError:
        message = None
    if isinstance(message, dict) and "kind" in message:
        return message
    return line.decode(errors="replace").rstrip("\r")


def error_as_data(error: LungCADError) -> dict[str, str]:
    """Return plain data that `error_from_data` makes the same error of."""
    if isinstance(error, InputError):
        return {"subject": error.subject, "problem": error.problem, "remedy": error.remedy}
    if isinstance(error, JobError):
        return {"reason": error.reason.name, "detail": error.detail}
    return {"reason": Reason.ERROR.name, "detail": str(error)}


def error_from_data(data: dict[str, str]) -> InputError | JobError:
    """Return the error that `error_as_data` wrote down."""
    if "subject" in data:
        return InputError(**data)
    return JobError(Reason[data["reason"]], data["detail"])
