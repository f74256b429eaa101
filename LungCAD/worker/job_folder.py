"""The private folder through which a panel and its worker hand images over.

Whoever survives cleans up. The panel removes the folder when the worker has ended; the worker when the panel
is gone; where neither could, the next panel finds a folder whose lock nobody holds any more.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from pathlib import Path
from typing import IO

from LungCAD.files import lock

PREFIX = "LungCAD-jobs-"
LOCK = "in-use"
FRESH_S = 60.0
"""A folder younger than this may not have its lock yet."""
ATTEMPTS = 3
"""A worker that is being killed may finish one file in a folder that is being removed."""


class JobFolder:
    """A new folder that only this user can read, locked as long as this process lives."""

    def __init__(self) -> None:
        remove_orphans()
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
        self._lock = (self.path / LOCK).open("wb")
        _try_lock(self._lock)

    def remove(self) -> None:
        """Remove the folder with everything in it, whatever a dying worker has left of it or still adds."""
        self._lock.close()
        for _ in range(ATTEMPTS):
            _remove(self.path)


def remove_job_folder(path: Path) -> None:
    """Remove a folder that a `JobFolder` made; never another one."""
    if path.name.startswith(PREFIX) and (path / LOCK).is_file():
        _remove(path)


def _remove(path: Path) -> None:
    """Remove what can be removed, the lock last: cut short, the folder can still be told for one of ours."""
    with contextlib.suppress(OSError):  # somebody else removes it as well
        for entry in path.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            elif entry.name != LOCK:
                with contextlib.suppress(OSError):
                    entry.unlink()
        if {entry.name for entry in path.iterdir()} <= {LOCK}:
            shutil.rmtree(path, ignore_errors=True)


def remove_orphans() -> None:
    """Remove what processes that were killed have left behind."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            young = time.time() - path.stat().st_mtime < FRESH_S
            with (path / LOCK).open("rb+") as held:
                orphan = not young and _try_lock(held)
        except OSError:  # another user's, or gone in this moment
            continue
        if orphan:
            remove_job_folder(path)


def _try_lock(file: IO[bytes]) -> bool:
    """Lock an open file until it is closed or the process ends; tell whether that was possible."""
    try:
        lock(file)
    except OSError:
        return False
    return True
