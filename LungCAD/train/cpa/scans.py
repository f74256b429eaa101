"""Cases from scans on disk and their reader's sheets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from LungCAD.errors import InputError
from LungCAD.files import files_below, make_folder
from LungCAD.images import read_ct
from LungCAD.progress import Progress, each, silent
from LungCAD.tasks.cpa.completeness import (
    incomplete_regions,
    incomplete_words,
    region_warnings,
    slice_warnings,
)
from LungCAD.tasks.cpa_projections import REGIONS, ROTATIONS, ProjectionVolume
from LungCAD.train.cpa.cases import UNKNOWN, Case, read_case
from LungCAD.train.cpa.sheets import PARTS, Sheet
from LungCAD.train.cpa.splitting import Split

MADE = "whole scans within the aerated lung, signs of regions that are not all there unknown"
"""What cases are made by; where it changes, they are made anew."""


def scan_cases(
    sheets: Sequence[Sheet], folder: Path, progress: Progress = silent
) -> tuple[list[Case], list[str]]:
    """Project every scan in all 27 rotations; return the cases, and sentences on what is wrong with scans.

    Cases are kept in the folder, by what the sheet says of the scan; those that are there are not looked at
    again. Nothing is known of the signs of regions that a scan does not show whole, whatever the sheet says.

    Raises
    ------
    InputError
        An image cannot be read, its slices lie too far apart, or it shows no lungs.
    """
    make_folder(folder)
    cases, warnings = [], []
    for sheet in each(sheets, progress, "Projecting scans"):
        known = [MADE, sheet.scan, sheet.patient, sheet.signs.tolist(), sheet.disease, sheet.survival]
        path = folder / f"scan-{fingerprint(sheet.image, known)}.npz"
        if not path.exists():
            try:
                case, found = _projected(sheet)
            except InputError as error:
                subject = f"Scan {sheet.scan}, {sheet.image}"
                raise InputError(subject, error.problem, error.remedy) from error
            case.write(path)
            warnings += [f"Scan {sheet.scan}: {sentence}" for sentence in found]
        cases.append(read_case(path))
    return cases, warnings


def _projected(sheet: Sheet) -> tuple[Case, tuple[str, ...]]:
    scan = read_ct(sheet.image)
    warnings = (*scan.warnings, *slice_warnings(scan.image))
    volume = ProjectionVolume.of(scan.image)
    warnings += region_warnings(volume)
    incomplete = incomplete_regions(volume)
    signs = sheet.signs.copy()
    signs[[REGIONS.index(region) for region in incomplete]] = UNKNOWN
    case = Case.of(sheet.scan, sheet.patient, volume, ROTATIONS, signs, sheet.disease, sheet.survival)
    return case, (*warnings, *incomplete_words(incomplete))


def split_of_sheets(sheets: Sequence[Sheet], cases: Sequence[Case]) -> Split | None:
    """Return the split that the sheets ask for; None where any of them leaves it to chance."""
    if any(not sheet.part for sheet in sheets):
        return None
    return Split(
        *([case for sheet, case in zip(sheets, cases, strict=True) if sheet.part == part] for part in PARTS)
    )


def fingerprint(image: Path, known: Sequence[object]) -> str:
    """Return what differs where the file, a file of the folder, or what is known of the scan does.

    known : as JSON takes it. Raises InputError where there is no such file or folder.
    """
    if not image.exists():
        raise InputError(image, "does not exist", "Give a CT: an image file, or a folder of DICOM files")
    files = files_below(image) if image.is_dir() else [image]
    found = [(str(file.resolve()), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    text = json.dumps([*known, *chain.from_iterable(found)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
