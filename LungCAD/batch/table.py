"""A CSV that grows row by row and survives being broken off."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from LungCAD.errors import InputError
from LungCAD.files import ODD_NAMES


class ResumableTable:
    """Rows appended to a CSV, on the disk after every `flush`; the first column tells rows apart.

    An existing file is gone on with: `done` holds the first column of its rows. A last row that was broken
    off is taken away first.

    Raises
    ------
    InputError
        The file has other columns, or it cannot be written.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path, self.columns = path, tuple(columns)
        self.done: set[str] = set()
        try:
            if path.exists():
                _drop_torn_row(path)
                self.done = {row[self.columns[0]] for row in self.rows()}
            self._file = path.open("a", newline="", encoding="utf-8", errors=ODD_NAMES)
        except OSError as error:
            raise InputError(path, f"cannot be written ({error.strerror})") from error
        self._writer = csv.DictWriter(self._file, self.columns)
        if not path.stat().st_size:
            self._writer.writeheader()

    def append(self, row: Mapping[str, object]) -> None:
        """Add a row."""
        self._writer.writerow(row)
        self.done.add(str(row[self.columns[0]]))

    def flush(self) -> None:
        """Bring what was appended to the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def rows(self) -> Iterator[dict[str, str]]:
        """Yield the rows on the disk."""
        with self.path.open(newline="", encoding="utf-8", errors=ODD_NAMES) as file:
            reader = csv.DictReader(file)
            if reader.fieldnames is not None and tuple(reader.fieldnames) != self.columns:
                raise InputError(self.path, "has other columns than this run", "Choose another folder")
            yield from reader

    def __enter__(self) -> ResumableTable:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.flush()
        self._file.close()


def begins_with(path: Path, columns: Sequence[str]) -> bool:
    """Tell whether a file is a table of these columns, as an earlier run has left it."""
    try:
        with path.open(encoding="utf-8", errors="replace") as table:
            return table.readline().strip() == ",".join(columns)
    except OSError:  # it is not there, or a folder, or nobody may read it
        return False


def _drop_torn_row(path: Path) -> None:
    with path.open("rb+") as file:
        content = file.read()
        if content and not content.endswith(b"\n"):
            file.truncate(content.rfind(b"\n") + 1)
