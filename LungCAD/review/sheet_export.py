"""Sheets of readers join the two tables that networks for projections are trained on.

`SCANS` has one row per scan, `REGIONS_TABLE` one per region that was judged; the columns that a sheet does
not know, such as the date, stay empty, or as somebody filled them in. Both are in UTF-8, and `lungcad train
cpa` reads them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import SimpleITK as sitk

from LungCAD.csv_rows import read_rows
from LungCAD.errors import InputError
from LungCAD.files import make_folder, sole_use, write_text
from LungCAD.images import image_like, write_image
from LungCAD.labels.sheet import PREEXISTING, TICKS
from LungCAD.review.pseudonyms import as_reviewed, require_pseudonym
from LungCAD.review.sign_sheet import SignSheet

SCANS, REGIONS_TABLE = "scans.csv", "regions.csv"
SCAN_COLUMNS = ("patient", "scan", "image", "date", "disease", "date_of_death", "last_seen")
REGION_COLUMNS = ("scan", "side", "level", *TICKS)

Row = dict[str, str]


def patient_of(scan: str, folder: Path | str) -> str:
    """Return what the tables in `folder` call the patient of a scan; "" where they have it not."""
    rows = _rows(Path(folder) / SCANS, SCAN_COLUMNS)
    return next((row["patient"] for row in rows if row["scan"] == scan), "")


def export_sheet(
    sheet: SignSheet, image: sitk.Image, folder: Path | str, patient: str, overwrite: bool = False
) -> Path:
    """Add a sheet to the tables in `folder`, and return the path of that of the scans.

    The scan is copied beside them, nothing of it but voxels and geometry. It counts as diseased where a sign
    was ticked; whether a scan without signs is healthy is left empty.

    Parameters
    ----------
    image : the scan that was read; it is written with its slices in the order that its pseudonym stands for.
    patient : pseudonym; the same for all scans of one patient.
    overwrite : replace the rows of this scan where the tables have some, except what a sheet does not know of
    the scan.

    Raises
    ------
    InputError
        No region is judged, a name is no pseudonym, a table is of another kind or has the scan already,
        the image is not the scan that was read, or the folder cannot be written, or is being written to by
        another export.
    """
    folder, image = Path(folder), as_reviewed(image, sheet.case)
    require_pseudonym(sheet.case, "case")
    require_pseudonym(patient, "patient")
    if not sheet.judgements:
        raise InputError("sheet", "has no judged region", "Confirm or correct at least one")
    name = Path("images") / f"{sheet.case}.nrrd"
    make_folder(folder)
    with sole_use(folder):  # what another reader adds meanwhile would be lost
        scans = _rows(folder / SCANS, SCAN_COLUMNS)
        regions = _rows(folder / REGIONS_TABLE, REGION_COLUMNS)
        earlier = next((row for row in scans if row["scan"] == sheet.case), None)
        if earlier is not None and not overwrite:
            problem = f"has {sheet.case} already"
            raise InputError(folder / SCANS, problem, "Allow overwriting, or choose another folder")
        make_folder((folder / name).parent)
        write_image(image_like(sitk.GetArrayFromImage(image), image), folder / name, overwrite=True)
        ticked = set().union(*sheet.judgements.values()) - {PREEXISTING}
        scan = (earlier or {}) | {"patient": patient, "scan": sheet.case, "image": name.as_posix()}
        if ticked or _ticked(regions, sheet.case):
            scan["disease"] = "1" if ticked else ""
        judged = [
            dict(zip(REGION_COLUMNS, (sheet.case, *region.split("_")), strict=False))
            | {code: str(int(code in shown)) for code in TICKS}
            for region, shown in sheet.judgements.items()
        ]
        _write(folder / REGIONS_TABLE, REGION_COLUMNS, [*_others(regions, sheet.case), *judged])
        _write(folder / SCANS, SCAN_COLUMNS, [*_others(scans, sheet.case), scan])
    return folder / SCANS


def _others(rows: Iterable[Row], scan: str) -> list[Row]:
    return [row for row in rows if row["scan"] != scan]


def _ticked(regions: Iterable[Row], scan: str) -> bool:
    """Tell whether an earlier sheet ticked a sign, by which the scan counted as diseased."""
    own = [row for row in regions if row["scan"] == scan]
    return any(row[code] == "1" for row in own for code in TICKS if code != PREEXISTING)


def _rows(path: Path, columns: Sequence[str]) -> list[Row]:
    if not path.exists():
        return []
    return [row for _, row in read_rows(path, columns)[1]]


def _write(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Write rows; columns that earlier rows have besides stay."""
    names = list(dict.fromkeys([*columns, *(name for row in rows for name in row)]))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue(), overwrite=True)
