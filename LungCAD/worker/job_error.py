"""Why a job ended without a result, in one sentence that a user understands."""

from __future__ import annotations

from enum import Enum

from LungCAD.errors import LungCADError


class Reason(Enum):
    """What happened to a job; the value is the sentence, `{detail}` its particulars."""

    START = "The computation could not be started: {detail}"
    ERROR = "The computation failed: {detail}. The log tells where"
    MEMORY = "Memory ran out ({detail}). Close other programs, crop the scan, or work slice by slice"
    CRASH = "The computation ended unexpectedly ({detail}). Nothing was changed; apply again"
    TIME = "The computation took longer than {detail} and was stopped"
    HANG = "The computation gave no sign of life for {detail} and was stopped. Apply again"
    TRANSFER = "Images could not be handed over: {detail}. Is the disk of temporary files full?"


class JobError(LungCADError):
    """A job failed for a reason that is not its input; bad input is an `InputError`, as everywhere.

    ``str(error)`` is a sentence for the user; `reason` is for programs.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason, self.detail = reason, detail
        super().__init__(reason.value.format(detail=detail.rstrip(".")) + ".")

    def __reduce__(self) -> tuple[type[JobError], tuple[Reason, str]]:
        """Cross to another process whole."""
        return type(self), (self.reason, self.detail)


def understandable(error: BaseException) -> LungCADError:
    """Return an error that a user understands for any other one."""
    if isinstance(error, LungCADError):
        return error
    if _out_of_memory(error):
        return JobError(Reason.MEMORY, str(error).strip().partition("\n")[0] or "none is left")
    if isinstance(error, OSError):
        return JobError(Reason.TRANSFER, error.strerror or str(error))
    return JobError(Reason.ERROR, f"{type(error).__name__}: {error}")


def _out_of_memory(error: BaseException) -> bool:
    """Tell whether memory ran out: torch and ITK say so in words only."""
    words = ("out of memory", "can't allocate memory", "not enough memory", "failed to allocate", "bad_alloc")
    return isinstance(error, MemoryError) or any(each in str(error).lower() for each in words)
