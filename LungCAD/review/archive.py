"""A whole review as text, so that a saved scene can carry it: to another computer, or past a lost folder."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterator
from itertools import count, takewhile
from pathlib import Path

from LungCAD.errors import InputError
from LungCAD.files import write_text
from LungCAD.review.ledger import Ledger, parse
from LungCAD.review.review import LEDGER, VOXELS, Review
from LungCAD.review.voxel_files import VoxelFiles

SUBJECT = "The review in the scene"


def ledger_text(review: Review) -> str:
    """Return the ledger as it is in its file."""
    return (review.folder / LEDGER).read_text(encoding="utf-8")


def voxels_text(review: Review, first: int = 1) -> str:
    """Return the files of voxels that the ledger names, one per line: SHA-256 and content in base 64.

    `first` is the number of the entry to begin with: to add to a text what it lacks.
    """
    files = VoxelFiles(review.folder / VOXELS)
    named = dict.fromkeys(entry.object for entry in review.entries[first - 1 :] if entry.object)
    return "".join(f"{digest} {b64encode(files.get_bytes(digest)).decode()}\n" for digest in named)


def whose(ledger: str) -> tuple[str, str]:
    """Return the scan (its pseudonym) and the reader of a review from its text; raises as `restore` does."""
    entries, _ = parse(ledger, SUBJECT)
    if not entries:
        raise InputError(SUBJECT, "is empty", "Restore the scene from a backup")
    return entries[0].case, entries[0].reviewer


def restore(ledger: str, voxels: str, folder: Path | str) -> Path:
    """Put a review from its texts into `folder`, and return the folder where it is.

    A review that is in the folder already is the truth: if it is the same one, whichever is further stays;
    if it is another one, a folder beside it is taken.

    Raises
    ------
    InputError
        The texts are damaged, or the folder cannot be written.
    """
    entries, _ = parse(ledger, SUBJECT)
    folder, present = next(
        (place, found)
        for place in _places(Path(folder))
        if (found := Ledger(place / LEDGER).entries)[: len(entries)] == tuple(entries[: len(found)])
    )
    if len(present) < len(entries):
        files = VoxelFiles(folder / VOXELS)
        for line in voxels.splitlines():
            digest, _, content = line.partition(" ")
            try:
                stored = files.put_bytes(b64decode(content))
            except binascii.Error:
                stored = None
            if stored != digest:
                raise InputError(SUBJECT, "is damaged", "Restore the scene from a backup")
        write_text(folder / LEDGER, ledger, overwrite=True)
    return folder


def _places(folder: Path) -> Iterator[Path]:
    """Where a review may be: in its folder, else beside it, where no reader's own folder can be.

    `folder_name` makes no dot. Earlier versions wrote a hyphen, as in the folder of a reader "AB 2".
    """
    yield folder
    hyphened = (folder.with_name(f"{folder.name}-{number}") for number in count(2))
    yield from (place for place in takewhile(Path.exists, hyphened) if Ledger(place / LEDGER).entries)
    yield from (folder.with_name(f"{folder.name}.copy{number}") for number in count(2))
