"""Cases from scans on disk and their reader's sheets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from LungCAD.images import read_ct
from LungCAD.progress import Progress, each, silent
from LungCAD.tasks.cpa_projections import ROTATIONS, ProjectionVolume
from LungCAD.train.cpa.cases import Case, read_case
from LungCAD.train.cpa.sheets import PARTS, Sheet
from LungCAD.train.cpa.splitting import Split


def scan_cases(sheets: Sequence[Sheet], folder: Path, progress: Progress = silent) -> list[Case]:
    """Project every scan in all 27 rotations; kept in the folder, by what the sheet says of the scan.

    Raises
    ------
    InputError
        An image cannot be read or shows no lungs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cases = []
    for sheet in each(sheets, progress, "Projecting scans"):
        path = folder / f"scan-{_fingerprint(sheet)}.npz"
        if not path.exists():
            volume = ProjectionVolume.of(read_ct(sheet.image).image)
            known = sheet.signs, sheet.disease, sheet.survival
            Case.of(sheet.scan, sheet.patient, volume, ROTATIONS, *known).write(path)
        cases.append(read_case(path))
    return cases


def split_of_sheets(sheets: Sequence[Sheet], cases: Sequence[Case]) -> Split | None:
    """Return the split that the sheets ask for; None where any of them leaves it to chance."""
    if any(not sheet.part for sheet in sheets):
        return None
    return Split(
        *([case for sheet, case in zip(sheets, cases, strict=True) if sheet.part == part] for part in PARTS)
    )


def _fingerprint(sheet: Sheet) -> str:
    stat = sheet.image.stat()
    known = [sheet.scan, sheet.patient, sheet.signs.tolist(), sheet.disease, sheet.survival]
    text = json.dumps([*known, str(sheet.image.resolve()), stat.st_size, stat.st_mtime_ns])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
