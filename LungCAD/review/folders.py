"""Making folders, with an error that a user understands."""

from __future__ import annotations

from pathlib import Path

from LungCAD.errors import InputError


def make_folder(path: Path) -> None:
    """Make a folder and those above it where they are missing; raises InputError where that cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        remedy = "Choose another folder"
        raise InputError(path, f"cannot be made or written to ({error.strerror})", remedy) from error
