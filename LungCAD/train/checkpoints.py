"""The folder in which a training keeps what it has learned so far."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.files import make_folder, write_text


def claim_checkpoints(folder: Path, settings: Mapping[str, object]) -> None:
    """Say in the folder whose checkpoints it holds, as plain data.

    Raises
    ------
    InputError
        The folder holds the checkpoints of a training with other settings.
    """
    text = json.dumps(settings, indent=1)
    make_folder(folder)
    note = folder / "training.json"
    if not note.exists():
        write_text(note, text)
    elif note.read_text(encoding="utf-8") != text:
        problem = "holds the checkpoints of another training, with other settings or on other data"
        raise InputError(folder, problem, "Choose another folder")


def digest(parts: Iterable[str | NDArray]) -> str:
    """Return the SHA-256 of texts and arrays in their order.

    For the settings of `claim_checkpoints`: data with other labels, or split otherwise, are another training.
    """
    found = hashlib.sha256()
    for part in parts:
        array = np.ascontiguousarray(np.array(part) if isinstance(part, str) else part)
        found.update(f"{array.dtype.str} {array.shape} ".encode())
        found.update(array)  # as it lies in memory: what is mapped from a file may be larger than that
    return found.hexdigest()
