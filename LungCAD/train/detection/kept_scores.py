"""What the rows of a comparison scored, so that a run that was broken off goes on with the next row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from LungCAD.files import atomic_path

Scores = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Of the slices that were held out, and of those to test; each (N, classes)."""


class KeptScores:
    """Computes the scores of a row, or reads them where the folder has them; without one it only computes.

    The folder must have been claimed for these slices and parameters (`claim_checkpoints`).
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def checkpoint(self, row: str) -> Path | None:
        """Return where the network of a row keeps what it has learned so far, if anywhere."""
        return None if self._folder is None else self._folder / f"{_file_name(row)}.ckpt"

    def scores(self, row: str, compute: Callable[[], Scores]) -> Scores:
        """Return the scores of a row; what is computed is kept as soon as it is there."""
        if self._folder is None:
            return compute()
        file = self._folder / f"{_file_name(row)}.npz"
        if not file.exists():
            held_out, tested = compute()
            with atomic_path(file) as unfinished, unfinished.open("wb") as stream:
                np.savez(stream, held_out=held_out, tested=tested)
        with np.load(file) as kept:
            return kept["held_out"], kept["tested"]


def _file_name(row: str) -> str:
    return "-".join(row.replace(",", "").split())
