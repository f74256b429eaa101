"""What a reader sets once: name, folder of the reviews, licence; kept in Slicer's settings."""

from __future__ import annotations

from pathlib import Path

import qt
import slicer

READER, REVIEWS, DATASET, LICENCE = (
    f"LungCAD/Review/{name}" for name in ("Reader", "Folder", "Dataset", "Licence")
)
KEY_FILE = "pseudonyms.key"


def remembered(name: str) -> str:
    """Return what was remembered under this name, or an empty text."""
    return str(slicer.app.userSettings().value(name, "") or "")


def remember(name: str, text: str) -> None:
    """Remember a text beyond this session."""
    slicer.app.userSettings().setValue(name, text)


def reviews_folder() -> Path:
    """Return the folder of all reviews: the one in the settings, else one among the user's documents."""
    documents = qt.QStandardPaths.writableLocation(qt.QStandardPaths.DocumentsLocation)
    return Path(remembered(REVIEWS) or Path(documents) / "LungCAD reviews")


def key_file() -> Path:
    """Return the file of the secret that pseudonyms are made with; it never leaves this computer."""
    return reviews_folder() / KEY_FILE
