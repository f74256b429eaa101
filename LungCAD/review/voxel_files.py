"""Arrays in files that are named after their content: written once, never changed, checked when read."""

from __future__ import annotations

import io
import zipfile
from hashlib import sha256
from pathlib import Path

import numpy as np

from LungCAD.errors import InputError
from LungCAD.files import atomic_path
from LungCAD.review.folders import make_folder

LEVEL = 1
"""Of compression: a reader waits for it, and label maps become small anyway."""


class VoxelFiles:
    """A folder of compressed arrays (.npz). The name of a file is the SHA-256 of its bytes."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    def put(self, **arrays: np.ndarray) -> str:
        """Store arrays by name and return the SHA-256 to get them back by.

        Raises
        ------
        InputError
            The folder cannot be written.
        """
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, array in arrays.items():
                file = io.BytesIO()
                np.lib.format.write_array(file, array, allow_pickle=False)
                entry = zipfile.ZipInfo(f"{name}.npy")  # without a date: the content alone makes the name
                archive.writestr(entry, file.getbuffer(), zipfile.ZIP_DEFLATED, LEVEL)
        return self.put_bytes(buffer.getvalue())

    def put_bytes(self, content: bytes) -> str:
        """Store a file as it is, and return its SHA-256."""
        digest = sha256(content).hexdigest()
        if not self._path(digest).exists():
            make_folder(self.folder)
            for unfinished in self.folder.glob(".unfinished-*"):
                unfinished.unlink(missing_ok=True)
            with atomic_path(self._path(digest)) as temporary:
                temporary.write_bytes(content)
        return digest

    def get(self, digest: str) -> dict[str, np.ndarray]:
        """Return the arrays by name.

        Raises
        ------
        InputError
            The file is missing, or its content is not what it was.
        """
        with np.load(io.BytesIO(self.get_bytes(digest)), allow_pickle=False) as arrays:
            return dict(arrays)

    def get_bytes(self, digest: str) -> bytes:
        """Return a file as it is; raises as `get` does."""
        path = self._path(digest)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InputError(path, "is missing", "Restore it from a backup of the review") from error
        if sha256(content).hexdigest() != digest:
            raise InputError(path, "is damaged", "Restore it from a backup of the review")
        return content

    def _path(self, digest: str) -> Path:
        return self.folder / f"{digest}.npz"
