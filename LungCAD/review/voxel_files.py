"""Arrays in files that are named after their content: written once, never changed, checked when read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.files import atomic_path, make_folder
from LungCAD.steps import CHUNK_BYTES, Steps, finish

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
        return finish(self.put_in_steps(**arrays))

    def put_in_steps(self, **arrays: NDArray) -> Steps[str]:
        """Do as `put`, yielding fractions."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
            for number, (name, array) in enumerate(arrays.items()):
                array = np.ascontiguousarray(array)
                with archive.open(f"{name}.npy", "w") as file:  # without a date: the content makes the name
                    header = np.lib.format.header_data_from_array_1_0(array)
                    np.lib.format.write_array_header_1_0(file, header)
                    for fraction, content in _pieces(array):
                        file.write(content)
                        yield (number + fraction) / len(arrays)
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
        return finish(self.get_in_steps(digest))

    def get_in_steps(self, digest: str) -> Steps[dict[str, NDArray]]:
        """Do as `get`, yielding fractions."""
        arrays: dict[str, NDArray] = {}
        with zipfile.ZipFile(io.BytesIO(self.get_bytes(digest))) as archive:
            for number, name in enumerate(archive.namelist()):
                with archive.open(name) as file:
                    np.lib.format.read_magic(file)
                    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
                    array = arrays[name.removesuffix(".npy")] = np.empty(shape, dtype)
                    for fraction, content in _pieces(array):
                        content[:] = file.read(len(content))
                        yield (number + fraction) / len(archive.namelist())
        return arrays

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


def _pieces(array: NDArray) -> Iterator[tuple[float, memoryview]]:
    """Yield the bytes of an array in pieces, each with the fraction that is done by then."""
    content = array.reshape(-1).view(np.uint8).data
    for start in range(0, len(content), CHUNK_BYTES):
        yield min((start + CHUNK_BYTES) / len(content), 1.0), content[start : start + CHUNK_BYTES]
