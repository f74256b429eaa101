"""Weights that come with LungCAD."""

from __future__ import annotations

from pathlib import Path

import LungCAD
from LungCAD.errors import InputError


def shipped(name: str) -> Path:
    """Return the file of shipped weights; InputError, with the names there are, for any other name."""
    for folder in _folders():
        path = folder / f"{name}.safetensors"
        if path.is_file():
            return path
    names = sorted({path.stem for folder in _folders() for path in folder.glob("*.safetensors")})
    raise InputError(name, "is not among the shipped weights", f"Shipped: {', '.join(names) or 'none'}")


def _folders() -> tuple[Path, ...]:
    """Resources lies beside the package in a checkout and in Slicer, inside it in a wheel."""
    package = Path(LungCAD.__file__).parent
    return package.parent / "Resources" / "weights", package / "Resources" / "weights"
