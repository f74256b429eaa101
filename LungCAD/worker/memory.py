"""How much memory this process takes, and how much is left."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import torch

from LungCAD.crf.memory import free_bytes

if sys.platform != "win32":
    import resource

STATM = Path("/proc/self/statm")


def memory_report() -> dict[str, int | None]:
    """Return bytes `used` now, used at the `peak`, and `free` on the machine; None what it does not tell."""
    return {"used": _used(), "peak": _peak(), "free": free_bytes(torch.device("cpu"))}


def _used() -> int | None:
    if not STATM.exists():
        return None
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _peak() -> int | None:
    if sys.platform == "win32":
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
