"""Atomic writing: a file is either the old one or the complete new one, never half of either."""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from LungCAD.errors import InputError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

RECORD = "run.json"
"""Says what the other files of a folder were made from."""

ODD_NAMES = "surrogateescape"
"""How text with names of files is written and read: of other systems they may be no UTF-8, which stays."""

IN_USE = ".in-use"
"""Lies in a folder as long as a run writes to it, locked."""

UNFINISHED = ".unfinished-"
"""Begins the names of what has not got its own yet."""

SECONDS_OF_A_FILE = 60.0
"""A file that is being written was touched since."""

ATTEMPTS = 10
"""To lock it, while other runs remove theirs; on a file system whose numbers of files say nothing, all."""


@contextmanager
def atomic_path(path: Path | str, overwrite: bool = False) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its name when the block ends without error.

    The temporary name keeps every suffix of `path` (writers choose the format by it). Before the rename
    the content is flushed to the disk; after an error the temporary file is removed.

    Raises
    ------
    InputError
        `path` exists and `overwrite` is false, or its folder is missing, full or not writable.
    """
    path = Path(path)
    if path.exists() and not overwrite:
        raise InputError(path, "exists already", "Choose another name, or allow overwriting")
    suffixes = "".join(path.suffixes[-2:])
    temporary = _unfinished(path.parent, suffixes)
    try:
        _create(temporary)
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise InputError(path, f"could not be written ({error.strerror})") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path | str, overwrite: bool = False, stale: Sequence[str] = ()) -> Iterator[Path]:
    """Yield a temporary folder whose files appear in `path` when the block ends without error.

    A new folder lies beside `path` and takes its name in one rename. An existing one, with `overwrite`, has
    it inside, for what is mounted there may be another disk, and its files of the same names replaced one by
    one, its `RECORD` removed first and written last; anything else in it stays, but for files that match a
    pattern of `stale`, such as "heatmap_*": those of an earlier run, of which the new one may not write all.
    After an error the temporary folder is removed.

    Raises
    ------
    InputError
        `path` exists and `overwrite` is false or it is no folder, it cannot be written (rights, space), or
        the block could not use another file, which is named.
    """
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise InputError(path, "is a file, not a folder", "Choose another name for the output folder")
    if path.exists() and not overwrite:
        raise InputError(path, "exists already", "Choose another name, or allow overwriting (--overwrite)")
    temporary = _unfinished(path if path.exists() else path.parent)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir()
        with sole_use(temporary):  # others that clear away what killed runs left let it be
            yield temporary
        if path.exists():
            for old in [file for pattern in (RECORD, *stale) for file in path.glob(pattern)]:
                old.unlink()
            for file in sorted(temporary.rglob("*"), key=lambda file: (file.name == RECORD, file)):
                target = path / file.relative_to(temporary)
                if file.is_dir():
                    target.mkdir(exist_ok=True)
                else:
                    file.replace(target)
        else:
            temporary.replace(path)
    except OSError as error:
        elsewhere = isinstance(error.filename, str) and not Path(error.filename).is_relative_to(temporary)
        if elsewhere and not Path(error.filename).is_relative_to(path):
            raise InputError(error.filename, f"could not be used ({error.strerror})") from error
        raise InputError(path, f"could not be written ({error.strerror or error})") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_unfinished(folder: Path) -> None:
    """Remove what killed runs left in a folder; not what another one is at work on."""
    for rest in folder.glob(f"{UNFINISHED}*"):
        if rest.is_dir():
            with suppress(InputError), sole_use(rest):
                shutil.rmtree(rest, ignore_errors=True)
        elif time.time() - rest.stat().st_mtime > SECONDS_OF_A_FILE:
            rest.unlink(missing_ok=True)


def _unfinished(folder: Path, suffixes: str = "") -> Path:
    """Return a new name; known before anything has it, lest a signal between the two leave that behind."""
    return folder / f"{UNFINISHED}{uuid.uuid4().hex}{suffixes}"


def _create(file: Path) -> None:
    try:
        file.touch(0o600, exist_ok=False)
    except OSError as error:
        raise InputError(file.parent, f"cannot be written to ({error.strerror})") from error


def make_folder(path: Path) -> None:
    """Make a folder and those above it where they are missing; raises InputError where that cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        remedy = "Choose another folder"
        raise InputError(path, f"cannot be made or written to ({error.strerror})", remedy) from error


def refuse_results(folder: Path, but_of: str = "") -> None:
    """Raise InputError where a folder holds results with a `RECORD`, but for those of the command `but_of`.

    `atomic_folder` would replace the files of the same names and leave others, beside a record of neither.
    `but_of` is the command's name, such as "ild"; it may have come from a batch.
    """
    if not (folder / RECORD).exists():
        return
    try:
        words = json.loads((folder / RECORD).read_text(encoding="utf-8"))["command"].split()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        words = []
    if not but_of or but_of not in words[1:3]:
        remedy = "Choose another folder: some of them would be replaced"
        raise InputError(folder, "holds the results of another method", remedy)


def refuse_inputs(folder: Path, files: Iterable[Path | None]) -> None:
    """Raise InputError where one of these files, such as a drawn one, lies in the folder of the results.

    A result of the same name would take its place.
    """
    for file in files:
        if file is not None and file.is_file() and file.resolve().parent == folder.resolve():
            remedy = "Choose another folder for the results"
            raise InputError(folder, f"holds {file.name}, which the results are made from", remedy)


def write_text(path: Path | str, text: str, overwrite: bool = False) -> None:
    """Write `text` (UTF-8, ends of lines as they are) to `path` atomically; raises as `atomic_path` does."""
    with atomic_path(path, overwrite) as temporary:
        temporary.write_bytes(text.encode("utf-8", ODD_NAMES))


def write_json(path: Path | str, content: object, overwrite: bool = False) -> None:
    """Write plain data atomically; raises as `atomic_path` does.

    Numbers that are not finite become null: JSON has none, and strict readers refuse the whole file.
    """
    write_text(path, json.dumps(_finite(content), indent=1, allow_nan=False), overwrite)


def _finite(content: object) -> object:
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def files_below(folder: Path) -> list[Path]:
    """Return the files in a folder and all folders in it, links to folders too, in order; none hidden.

    A folder that several ways lead to, or a link into what it lies in, is entered once.

    Raises
    ------
    InputError
        A folder in there cannot be read: what it holds would be missing.
    """

    def fail(error: OSError) -> None:
        raise InputError(error.filename, f"cannot be read ({error.strerror})", "Check its permissions")

    found, entered = [], set()
    for place, inner, names in os.walk(folder, onerror=fail, followlinks=True):
        if (true := Path(place).resolve()) in entered:
            inner.clear()
            continue
        entered.add(true)
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        found += [Path(place, name) for name in names if not name.startswith(".")]
    return sorted(path for path in found if path.is_file())


@contextmanager
def sole_use(folder: Path) -> Iterator[None]:
    """Keep other runs out of a folder until the block ends, or this process, however it does.

    Raises
    ------
    InputError
        Another run is in there, or the folder cannot be written.
    """
    file = _locked(folder)
    try:
        yield
    finally:
        if sys.platform == "win32":  # which removes no open file
            file.close()
        with suppress(OSError):
            (folder / IN_USE).unlink()
        file.close()


def _locked(folder: Path) -> IO[bytes]:
    """Return the open, locked file that keeps others out of a folder; raises as `sole_use`."""
    path = folder / IN_USE
    for attempt in range(ATTEMPTS):
        try:
            file = path.open("wb")
        except OSError as error:
            raise InputError(folder, f"cannot be written to ({error.strerror})") from error
        try:
            lock(file)
        except (BlockingIOError, PermissionError) as error:
            file.close()
            remedy = "Wait until it has ended, or choose another folder"
            raise InputError(folder, "is being written to by another run", remedy) from error
        except OSError:  # some file systems of clusters know no locks
            break
        # A run that ended just now may have removed the file that was opened here: then it keeps nobody out.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                break
        if attempt + 1 < ATTEMPTS:
            file.close()
    return file


def lock(file: IO[bytes]) -> None:
    """Lock an open file until it is closed or the process ends; OSError where that is not possible."""
    if sys.platform == "win32":
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
