"""The reader's sheets: a table of scans and a table of their regions, checked row by row."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from LungCAD.csv_rows import read_rows
from LungCAD.errors import InputError
from LungCAD.phantom.aspergillosis import SIGNS
from LungCAD.tasks.cpa_projections import REGIONS
from LungCAD.train.cpa.cases import UNKNOWN

DATES = ("date", "date_of_death", "last_seen")
SCAN_COLUMNS = ("patient", "scan", "image", "date", "disease", "date_of_death", "last_seen")
REGION_COLUMNS = ("scan", "side", "level", "preexisting", *SIGNS)
PARTS = ("training", "validation", "test")

SURVIVED_DAYS = 730
"""Two years (SAPSAM, section 3.3)."""

_ANSWERS = {"": UNKNOWN, "0": 0, "1": 1}

Row = Mapping[str, str]


@dataclass(frozen=True)
class Sheet:
    """What is known of one scan.

    signs : (6, 3) int8 by region and sign, -1 unknown. disease, survival : 1, 0 or -1; survival is 1 for who
    died within two years. part : one of `PARTS`, or "" where the split is left to chance.
    """

    scan: str
    patient: str
    image: Path
    signs: NDArray[np.int8]
    disease: int
    survival: int
    part: str = ""


def read_sheets(scans: Path, regions: Path | None = None) -> list[Sheet]:
    """Read both tables (CSV, UTF-8, with a header).

    Parameters
    ----------
    scans : columns patient, scan, image (relative to the table), date, disease (0, 1, blank),
        date_of_death, last_seen (YYYY-MM-DD or blank); `split` (training, validation, test) is optional, but
        where it is filled in, it is for all scans and has all three parts.
    regions : columns scan, side (left, right), level (upper, middle, lower), preexisting, cavity,
        fungus_ball, pleural_thickening (0, 1 or blank).

    Raises
    ------
    InputError
        A table cannot be read or lacks a column, a value is not allowed, an image does not exist or has two
        rows, a row names an unknown scan, rows contradict each other, a patient is on two sides of the split,
        or the split is not complete.
    """
    signs = _read_regions(regions) if regions is not None else {}
    sheets: dict[str, Sheet] = {}
    parts: dict[str, str] = {}
    images: dict[Path, str] = {}
    lives: dict[str, _Life] = {}
    for where, row in _rows(scans, SCAN_COLUMNS):
        name, patient, part = row["scan"], row["patient"], row.get("split", "")
        if not name or not patient:
            raise InputError(where, "names no scan or no patient", "Fill in both columns")
        if name in sheets:
            raise InputError(where, f"names the scan {name} a second time", "Give every scan one row")
        if part not in ("", *PARTS):
            raise InputError(where, f"has the split {part!r}", f"Allowed: {', '.join(PARTS)}, or blank")
        if parts.setdefault(patient, part) != part:
            problem = f"puts patient {patient} into {part or 'no part'}, an earlier row into {parts[patient]}"
            raise InputError(where, problem, "Keep all scans of a patient on one side of the split")
        sheet = sheets[name] = _sheet(where, row, scans.parent, signs.get(name), part)
        other = images.setdefault(sheet.image.resolve(), name)
        if other != name:
            raise InputError(where, f"names the image of {other} again", "Give every scan its own image")
        lives.setdefault(patient, _Life()).add(where, row)
    unknown = sorted(set(signs) - set(sheets))
    if unknown:
        raise InputError(regions, f"names scans that {scans.name} lacks: {', '.join(unknown)}")
    if not sheets:
        raise InputError(scans, "lists no scans")
    _require_whole_split(scans, sheets.values())
    return list(sheets.values())


def _require_whole_split(scans: Path, sheets: Collection[Sheet]) -> None:
    used = {sheet.part for sheet in sheets}
    if used == {""}:
        return
    if "" in used:
        blank = ", ".join(sheet.scan for sheet in sheets if not sheet.part)
        problem = f"has a split for some scans, but none for {blank}"
        raise InputError(scans, problem, "Fill in the column for all scans, or for none")
    if missing := [part for part in PARTS if part not in used]:
        problem = f"has a split without {' and '.join(missing)}"
        raise InputError(scans, problem, "Put patients into each part, or leave the column blank")


class _Life:
    """What the rows of one patient say of death; it must not change from row to row."""

    def __init__(self) -> None:
        self._died: date | None = None
        self._alive: date | None = None

    def add(self, where: str, row: Row) -> None:
        """Take a row in; raises InputError where it contradicts those before it."""
        scanned, died, seen = (_date(where, row, column) for column in DATES)
        if died and self._died and died != self._died:
            problem = f"has the date of death {died}, an earlier row of the patient {self._died}"
            raise InputError(where, problem, "Correct one of the two")
        self._died = died or self._died
        self._alive = max(filter(None, (self._alive, scanned, seen)), default=None)
        if self._died and self._alive and self._alive > self._died:
            problem = f"says that the patient died on {self._died}, and was scanned or seen on {self._alive}"
            raise InputError(where, problem, "Correct the dates")


def _sheet(where: str, row: Row, folder: Path, signs: NDArray | None, part: str) -> Sheet:
    image = folder / row["image"]
    if not row["image"] or not image.exists():
        raise InputError(where, f"names the image {row['image']!r}, which is not there", "Check the path")
    if signs is None:
        signs = np.full((len(REGIONS), len(SIGNS)), UNKNOWN, np.int8)
    disease = _answer(where, row, "disease")
    if disease == 0 and (signs == 1).any():
        problem = f"calls {row['scan']} free of disease, the table of regions ticks signs"
        raise InputError(where, problem, "Correct one of the two")
    return Sheet(row["scan"], row["patient"], image, signs, disease, _survival(where, row), part)


def _survival(where: str, row: Row) -> int:
    scanned, died, seen = (_date(where, row, column) for column in DATES)
    for column, day in (("date_of_death", died), ("last_seen", seen)):
        if scanned and day and day < scanned:
            raise InputError(where, f"has {column} {day} before the scan of {scanned}", "Correct the dates")
    if scanned is None:
        return UNKNOWN
    if died is not None:
        return int((died - scanned).days <= SURVIVED_DAYS)
    return 0 if seen is not None and (seen - scanned).days > SURVIVED_DAYS else UNKNOWN


def _read_regions(path: Path) -> dict[str, NDArray[np.int8]]:
    signs: dict[str, NDArray[np.int8]] = {}
    for where, row in _rows(path, REGION_COLUMNS):
        region = f"{row['side']}_{row['level']}"
        if region not in REGIONS:
            problem = f"has side {row['side']!r} and level {row['level']!r}"
            raise InputError(where, problem, "Use left or right, and upper, middle or lower")
        ticks = np.array([_answer(where, row, sign) for sign in SIGNS], np.int8)
        _answer(where, row, "preexisting")
        own = signs.setdefault(row["scan"], np.full((len(REGIONS), len(SIGNS)), UNKNOWN, np.int8))
        known = own[REGIONS.index(region)]
        if ((known != ticks) & (known != UNKNOWN) & (ticks != UNKNOWN)).any():
            problem = f"contradicts an earlier row for {row['scan']}, {region.replace('_', ' ')}"
            raise InputError(where, problem, "Keep one of the two")
        own[REGIONS.index(region)] = np.where(ticks != UNKNOWN, ticks, known)
    return signs


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, Row]]:
    """Yield the rows with blanks trimmed, each with the words that an error calls it by."""
    for line, row in read_rows(path, columns)[1]:
        yield f"{path}, row {line}", {key: (cell or "").strip() for key, cell in row.items()}


def _answer(where: str, row: Row, column: str) -> int:
    if row[column] not in _ANSWERS:
        raise InputError(where, f"has {column} {row[column]!r}", "Write 0, 1 or nothing")
    return _ANSWERS[row[column]]


def _date(where: str, row: Row, column: str) -> date | None:
    if not row[column]:
        return None
    try:
        return date.fromisoformat(row[column])
    except ValueError as error:
        raise InputError(where, f"has {column} {row[column]!r}", "Write dates as YYYY-MM-DD") from error
