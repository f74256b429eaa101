"""The ledger: an append-only file of JSON lines, each chained to the one before by its SHA-256."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from LungCAD.errors import InputError
from LungCAD.review.entry import Entry

FIRST = "0" * 64
"""Stands for the line before the first."""

_APPENDING = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
"""Without the last, Windows would write another end of line than the one that is counted."""


class Line(Protocol):
    """What a ledger can hold; `number` is 1 for the first entry. See `LungCAD.review.entry.Entry`."""

    number: int

    def to_json(self, previous: str) -> str:
        """Return the entry as one line without its end; `previous` is the SHA-256 of the line before."""

    @classmethod
    def from_json(cls: type[AnyLine], line: str) -> tuple[AnyLine, str]:
        """Return the entry of a line and the SHA-256 of the line before; ValueError says what is wrong."""


AnyLine = TypeVar("AnyLine", bound=Line)


class Ledger(Generic[AnyLine]):
    """Entries of one `kind` in the order they were made.

    An entry is on the disk when `append` returns. A crash in the middle of a line costs that entry alone: the
    torn line is not read, and the next entry takes its place.

    Raises
    ------
    InputError
        The file cannot be read, or a line other than a torn last one is damaged or was altered.
    """

    def __init__(self, path: Path | str, kind: type[AnyLine] = Entry) -> None:
        self.path = Path(path)
        content = _read(self.path)
        self._found, self._size = len(content), content.rfind(b"\n") + 1
        self._entries, self._last = parse(content[: self._size].decode(errors="replace"), self.path, kind)

    @property
    def entries(self) -> tuple[AnyLine, ...]:
        """All entries so far."""
        return tuple(self._entries)

    @property
    def digest(self) -> str:
        """SHA-256 of the last line; as every line names the one before, of the whole."""
        return self._last

    @property
    def is_current(self) -> bool:
        """Whether the file is as it was left: another program that appends to it makes it grow."""
        try:
            return self.path.stat().st_size == self._found
        except OSError:
            return self._found == 0

    def append(self, entry: AnyLine) -> None:
        """Write an entry to the disk.

        Raises
        ------
        InputError
            The file was changed by another program since it was opened, or cannot be written.
        """
        line = entry.to_json(self._last).encode()
        try:
            descriptor = os.open(self.path, _APPENDING, 0o666)
            try:
                if os.fstat(descriptor).st_size != self._found:
                    remedy = "Close the review there, and open it here again"
                    raise InputError(self.path, "was changed by another program", remedy)
                os.ftruncate(descriptor, self._size)
                self._write(descriptor, line + b"\n")
            finally:
                os.close(descriptor)
        except OSError as error:
            raise InputError(self.path, f"could not be written ({error.strerror})") from error
        self._size += len(line) + 1
        self._found = self._size
        self._last = sha256(line).hexdigest()
        self._entries.append(entry)

    def _write(self, descriptor: int, line: bytes) -> None:
        try:
            written = os.write(descriptor, line)
            if written < len(line):
                raise OSError(None, "disk full")
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, self._size)
            raise


def parse(text: str, source: object, kind: type[AnyLine] = Entry) -> tuple[list[AnyLine], str]:
    """Return the entries, all of one kind, of complete lines, and the SHA-256 of the last line.

    Raises
    ------
    InputError
        A line is damaged, or does not follow the one before; names `source` and the line.
    """
    entries: list[AnyLine] = []
    last = FIRST
    for number, line in enumerate(text.split("\n")[:-1], 1):
        try:
            entry, previous = kind.from_json(line)
        except ValueError as error:
            raise InputError(source, f"is damaged: line {number} {error}", _REMEDY) from error
        if previous != last or entry.number != number:
            raise InputError(source, f"was altered: line {number} does not follow the one before", _REMEDY)
        entries.append(entry)
        last = sha256(line.encode()).hexdigest()
    return entries, last


_REMEDY = "Restore it from a backup, or begin a new review"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})") from error
