"""What went wrong where nobody could raise: in a slot, in a modal box, in a thread.

Slicer shows such things in its error log and goes on. Here they are kept, and the fixture fails the test.
"""

from __future__ import annotations

import sys
import traceback
from types import TracebackType

_incidents: list[str] = []


def report(text: str) -> None:
    _incidents.append(text)


def take() -> list[str]:
    """Return all incidents since the last call, and forget them."""
    taken = list(_incidents)
    _incidents.clear()
    return taken


def catch_exceptions_of_slots() -> None:
    """Qt cannot raise through its event loop: exceptions of slots end in `sys.excepthook`."""
    shown = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        report("uncaught exception:\n" + "".join(traceback.format_exception(kind, error, trace)))
        shown(kind, error, trace)

    sys.excepthook = hook
