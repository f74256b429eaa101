"""Weights that come with LungCAD."""

from __future__ import annotations

from pathlib import Path

import LungCAD
from LungCAD.errors import InputError


def shipped(name: str) -> Path:
    """Return the file of shipped weights; InputError, with the names there are, for any other name."""
    files = {path.stem: path for path in shipped_files()}
    if name not in files:
        remedy = f"Shipped: {', '.join(files) or 'none'}"
        raise InputError(name, "is not among the shipped weights", remedy)
    return files[name]


def weights_file(weights: str) -> Path:
    """Return the file of a user's choice: a path with its suffix, or the name of shipped weights."""
    return Path(weights) if Path(weights).suffix else shipped(weights)


def weights_by_role(weights: str) -> dict[str, Path]:
    """Return the file of a user's choice by the name that commands and records have for it."""
    return {"WEIGHTS": weights_file(weights)}


def shipped_files(prefix: str = "") -> list[Path]:
    """Return the files of all shipped weights whose names begin so, by name."""
    files = {path.stem: path for folder in _folders() for path in folder.glob(f"{prefix}*.safetensors")}
    return [files[name] for name in sorted(files)]


def _folders() -> tuple[Path, ...]:
    """Resources lies beside the package in a checkout and in Slicer, inside it in a wheel."""
    package = Path(LungCAD.__file__).parent
    return package.parent / "Resources" / "weights", package / "Resources" / "weights"
