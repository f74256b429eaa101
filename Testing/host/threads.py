"""Python threads starve in the Slicer process while its event loop idles: starting one is an incident."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from Testing.host import incidents

CHECKOUT = Path(__file__).resolve().parents[2]
INFRASTRUCTURE = ("threading", "concurrent", "multiprocessing", "_pytest")


def watch() -> None:
    """Report every thread that code of the project starts, its tests excepted."""
    start = threading.Thread.start

    def watched(thread: threading.Thread) -> None:
        starter = _starter()
        if starter is not None:
            incidents.report(f"{starter} started a thread, which starves in the Slicer process")
        start(thread)

    threading.Thread.start = watched


def _starter() -> Path | None:
    """The file that asked for the thread, if it is the project's and neither test nor host."""
    frame = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__", "").split(".")[0] in INFRASTRUCTURE:
        frame = frame.f_back
    path = Path(frame.f_code.co_filename).resolve() if frame is not None else Path()
    inside = path.is_relative_to(CHECKOUT) and not path.is_relative_to(CHECKOUT / "Testing")
    return path if inside and "site-packages" not in path.parts else None
