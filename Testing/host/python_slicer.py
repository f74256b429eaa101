"""`PythonSlicer` is a launcher, whose child is the interpreter: killing it leaves the child running."""

from __future__ import annotations

import os
import sys
from pathlib import Path

LAUNCHER = """#!/bin/sh
# Standard input is handed on; a child that a signal ended shows up as exit code 1.
exec 3<&0
"{python}" "$@" <&3 3<&- &
exec 3<&- </dev/null
wait $!
code=$?
[ "$code" -gt 128 ] && exit 1
exit "$code"
"""


def put_on_path(folder: Path) -> None:
    """Write the launcher into a folder and put that folder in front of PATH."""
    folder.mkdir()
    launcher = folder / "PythonSlicer"
    launcher.write_text(LAUNCHER.format(python=sys.executable), encoding="utf-8")
    launcher.chmod(0o755)
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
