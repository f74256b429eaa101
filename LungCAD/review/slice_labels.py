"""Which diseases whole slices show, as a table to train on: no region has to be drawn for it.

A CSV in UTF-8, one row per slice that somebody has read::

    patient,scan,image,slice,ground_glass,reticulation,honeycombing,emphysema
    patient-3f61,case-a0c2,images/case-a0c2.nrrd,12,1,0,0,0
    patient-3f61,case-a0c2,images/case-a0c2.nrrd,13,1,1,0,

patient : whose scan it is; a pseudonym. Folds are split by it.
scan : names the scan; a pseudonym.
image : the CT, absolute or relative to the folder of the CSV; anything that `read_ct` reads.
slice : counted from 1 across the patient's long axis, in the order in which the image stores its slices
    (those of a DICOM series: from the feet on); the number that every report and panel shows.
ground_glass, ... : one column per disease, headed by its code in the label schema. 1 the slice shows it,
    0 it does not, empty: the reader did not say.
fold, licence : two columns more, where wanted. The fold, a number from 0, in which a patient is tested; the
    licence under which the image may be used.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from LungCAD.csv_rows import read_rows
from LungCAD.errors import InputError
from LungCAD.files import write_text

KEYS = ("patient", "scan", "image", "slice")
"""Columns before those of the diseases."""

OPTIONAL = ("fold", "licence")

CELLS = {"1": True, "0": False, "": None}


@dataclass(frozen=True)
class SliceLabels:
    """One row. `slice` counts from 1; `shown` says True, False or None (not said) by code of disease."""

    patient: str
    scan: str
    image: Path
    slice: int
    shown: Mapping[str, bool | None]
    fold: int | None = None
    licence: str = ""


def read_slice_labels(path: Path | str, diseases: Sequence[str]) -> list[SliceLabels]:
    """Return the rows of a CSV; relative images are looked for beside it.

    Parameters
    ----------
    diseases : codes that must all have a column, in any order; there may be no others.

    Raises
    ------
    InputError
        As `read_rows`; columns are unknown, a row lacks something or holds something else than described
        above, a slice has two rows, a scan two patients or images, or a patient two folds; names the line.
    """
    path = Path(path)
    wanted = (*KEYS, *diseases)
    found, lines = read_rows(path, wanted)
    if strange := ", ".join(name for name in found if name not in (*wanted, *OPTIONAL)):
        raise InputError(path, f"has the column {strange}, which is no disease of the schema")
    rows = [(line, _row(path, line, cells, diseases)) for line, cells in lines]
    if not rows:
        raise InputError(path, "has no row below its heading", "Give one row per slice that was read")
    _require_consistent(path, rows)
    return [row for _, row in rows]


def write_slice_labels(
    path: Path | str, rows: Iterable[SliceLabels], diseases: Sequence[str], overwrite: bool = False
) -> None:
    """Write rows as CSV, by scan and slice; raises InputError as `LungCAD.files.atomic_path`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    rows = sorted(rows, key=lambda row: (row.scan, row.slice))
    extra = [name for name in OPTIONAL if any(getattr(row, name) not in (None, "") for row in rows)]
    writer.writerow([*KEYS, *diseases, *extra])
    for row in rows:
        place = (row.patient, row.scan, row.image.as_posix(), row.slice)
        writer.writerow([*place, *_cells(row, diseases), *(getattr(row, name) for name in extra)])
    write_text(path, text.getvalue(), overwrite)


def _cells(row: SliceLabels, diseases: Sequence[str]) -> Iterator[str]:
    words = {meaning: cell for cell, meaning in CELLS.items()}
    for disease in diseases:
        yield words[row.shown.get(disease)]


def _row(path: Path, line: int, cells: Mapping[str, str | None], diseases: Sequence[str]) -> SliceLabels:
    text = {name: (cells.get(name) or "").strip() for name in (*KEYS, *diseases, *OPTIONAL)}
    for name in KEYS[:3]:
        if not text[name]:
            raise InputError(path, f"line {line} has no {name}")
    if not text["slice"].isdecimal() or int(text["slice"]) < 1:
        problem = f"line {line} has the slice {text['slice']!r}"
        raise InputError(path, problem, "Slices are whole numbers, counted from 1")
    if text["fold"] and not text["fold"].isdecimal():
        raise InputError(path, f"line {line} has the fold {text['fold']!r}", "Folds are whole numbers from 0")
    for name in diseases:
        if text[name] not in CELLS:
            raise InputError(path, f"line {line} says {text[name]!r} of {name}", "Write 1, 0 or nothing")
    return SliceLabels(
        text["patient"],
        text["scan"],
        path.parent / text["image"],
        int(text["slice"]),
        {name: CELLS[text[name]] for name in diseases},
        int(text["fold"]) if text["fold"] else None,
        text["licence"],
    )


def _require_consistent(path: Path, rows: Sequence[tuple[int, SliceLabels]]) -> None:
    known: dict[str, tuple[str, Path]] = {}
    folds: dict[str, int | None] = {}
    seen: set[tuple[str, int]] = set()
    scans: dict[Path, str] = {}
    for line, row in rows:
        if (other := scans.setdefault(row.image.resolve(), row.scan)) != row.scan:
            raise InputError(path, f"line {line} gives {row.scan} the image of {other}")
        if known.setdefault(row.scan, (row.patient, row.image)) != (row.patient, row.image):
            raise InputError(path, f"line {line} gives the scan {row.scan} another patient or image")
        if folds.setdefault(row.patient, row.fold) != row.fold:
            raise InputError(path, f"line {line} puts the patient {row.patient} into another fold")
        if (row.scan, row.slice) in seen:
            raise InputError(path, f"line {line} has slice {row.slice} of {row.scan} again", "Keep one row")
        seen.add((row.scan, row.slice))
