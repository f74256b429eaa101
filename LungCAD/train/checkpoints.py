"""The folder in which a training keeps what it has learned so far."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from LungCAD.errors import InputError
from LungCAD.files import write_text


def claim_checkpoints(folder: Path, settings: Mapping[str, object]) -> None:
    """Say in the folder whose checkpoints it holds, as plain data.

    Raises
    ------
    InputError
        The folder holds the checkpoints of a training with other settings.
    """
    text = json.dumps(settings, indent=1)
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / "training.json"
    if not note.exists():
        write_text(note, text)
    elif note.read_text(encoding="utf-8") != text:
        raise InputError(folder, "holds the checkpoints of another training", "Choose another folder")
