"""What the input of a case was when its results were made: a later run can tell whether it still is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from LungCAD.batch.cases import Case
from LungCAD.errors import InputError
from LungCAD.files import RECORD, files_below, write_text
from LungCAD.images.series import choose_series
from LungCAD.images.volume_file import is_dicom
from LungCAD.report.record import series_digest
from LungCAD.weights.checksum import sha256_of_file

ROLES = ("ct", "rois", "lungs", "truth")

ENTRY = "input_files"
"""In the record of a case; that of a single command lacks it."""


@dataclass(frozen=True)
class InputState:
    """Two SHA-256 of a case's files; neither shows a name, which may be a patient's.

    stamp : of names, sizes and times of change: while it is the same, no file has to be read.
    content : of what is in the files. Both cover what was chosen besides.
    """

    stamp: str
    content: str


def input_state(case: Case, choices: str = "") -> InputState:
    """Return the state of a case's files and of what was chosen besides parameters, as a network's stride.

    Raises
    ------
    InputError
        A file cannot be read.
    """
    try:
        return InputState(_stamp(case, choices), _content(case, choices))
    except OSError as error:
        raise InputError(error.filename, f"cannot be read ({error.strerror})") from error


def is_current(target: Path, case: Case, method: Mapping[str, Any], choices: str = "") -> bool:
    """Tell whether a batch made the results in `target` by a method from what is in the case now.

    Of what a single command left there nobody knows which files it was made from.

    method : what their record must say, such as parameters and weights, as JSON has it.
    """
    said = _record(target)
    if any(said.get(name) != value for name, value in method.items()) or not said:
        return False
    then = said.get(ENTRY)
    if not isinstance(then, dict):
        return False
    if then.get("stamp") == _stamp(case, choices):
        return True
    now = input_state(case, choices)
    if then.get("content") != now.content:
        return False
    note_input(target, now)
    return True


def is_of_series(target: Path, case: Case, series: str | None) -> bool:
    """Tell whether results in `target` are of the series that is asked for, as `read_ct` takes it.

    So are those of a case that lacks that series, and those of earlier versions, which did not record it.
    """
    said = _record(target).get("series")
    if series is None or said is None or not case.ct.is_dir():
        return True
    asked = _case_series(case.ct, series)
    return asked is None or series_digest(asked) == said


def _case_series(folder: Path, series: str) -> str | None:
    """Return the UID of the series that `read_ct` would read of a DICOM folder; None where it lacks it."""
    try:
        return choose_series(folder, series)[0].series_uid
    except InputError:
        return None


def note_input(target: Path, state: InputState) -> None:
    """Write into the record of a case that is done what its input was."""
    text = json.dumps({**_record(target), ENTRY: asdict(state)}, indent=2)
    write_text(target / RECORD, text, overwrite=True)


def _record(target: Path) -> dict[str, Any]:
    """Return the record of results; an empty one where they have none, or a damaged one."""
    try:
        said = json.loads((target / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _stamp(case: Case, choices: str) -> str:
    digest = hashlib.sha256(choices.encode())
    for role, image, file in _files(case):
        state = file.stat()
        name = Path(image.name) / file.relative_to(image)
        line = f"\n{role} {name} {state.st_size} {state.st_mtime_ns}"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _content(case: Case, choices: str) -> str:
    """Of a folder only DICOM files count, in any order and under any names, as for who reads it."""
    files = [(role, file) for role, image, file in _files(case) if file == image or is_dicom(file)]
    lines = sorted(f"\n{role} {sha256_of_file(file)}" for role, file in files)
    return hashlib.sha256("".join([choices, *lines]).encode()).hexdigest()


def _files(case: Case) -> Iterator[tuple[str, Path, Path]]:
    """Yield files by what they are to the case, with the file or folder that has this part; none hidden."""
    for role in ROLES:
        image = getattr(case, role)
        if image is not None:
            files = files_below(image) if image.is_dir() else [image]
            yield from ((role, image, file) for file in files)
