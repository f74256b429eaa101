"""What a kept network is known by."""

from __future__ import annotations

from pathlib import Path

from LungCAD.weights.shipped import weights_file


def weights_key(weights: str) -> tuple[Path, float]:
    """Return what tells the weights that a user chose from any other: a file may have been trained further.

    Raises InputError where shipped weights of that name are not known.
    """
    path = weights_file(weights)
    return path, path.stat().st_mtime if path.exists() else 0.0
