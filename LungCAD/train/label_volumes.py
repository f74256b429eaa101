"""Scans with a label volume each, as LTRC has them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from LungCAD.csv_rows import read_rows
from LungCAD.errors import InputError
from LungCAD.images import Scan, image_like, read_ct, same_geometry
from LungCAD.images.read_ct import as_volume
from LungCAD.images.volume_file import read_image
from LungCAD.labels import Schema, available_schemas, load_schema
from LungCAD.progress import Progress, each, silent

PAIRS, VALUES = "pairs.csv", "values.json"
COLUMNS = ("image", "labels", "patient")

LISTED = 9
"""Unknown values in an error; labels that were interpolated have thousands."""


@dataclass(frozen=True)
class LabelVolume:
    """A scan and its labels (uint8), of one geometry.

    labels : values of `meaning`, whatever those of the file are; 0 is outside the lungs.
    meaning : code by label value, None for lung that takes no part.
    """

    scan: Scan
    labels: sitk.Image
    meaning: Mapping[int, str | None]
    patient: str
    licence: str


def label_volumes(folder: Path | str, schema: Schema, progress: Progress = silent) -> Iterator[LabelVolume]:
    """Yield the scans that `pairs.csv` in the folder lists; files are read one after the other.

    Columns: image, labels (paths relative to the folder), patient; licence where known. `values.json` says
    what the values mean, by codes of any shipped schema: {"10": "healthy", "20": "reticulation", "30": null};
    without it they are those of `schema`.

    Raises
    ------
    InputError
        No such file, a column, a cell or a volume is missing, values or codes without meaning, another
        geometry, several values per voxel.
    """
    folder = Path(folder)
    rows = read_table(folder / PAIRS, COLUMNS)
    codes = _meaning(folder / VALUES, schema)
    meaning = dict(enumerate(dict.fromkeys(codes.values()), 1))
    number = {code: value for value, code in meaning.items()}
    known = {0: 0, **{value: number[code] for value, code in codes.items()}}
    for row in rows:
        for column in ("image", "labels"):
            if not (folder / row[column]).exists():
                raise InputError(
                    folder / row[column], f"is listed in {PAIRS} but does not exist", "Complete it"
                )
    for row in each(rows, progress, "Reading scans"):
        scan, path = read_ct(folder / row["image"]), folder / row["labels"]
        labels = as_volume(read_image(path), path)
        if not same_geometry(scan.image, labels):
            raise InputError(path, "has another geometry than its CT", "Give the labels of this very scan")
        licence = row.get("licence") or "not stated"
        yield LabelVolume(scan, _numbered(labels, known, path), meaning, row["patient"], licence)


def read_table(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Return the rows of a CSV about images, whose paths are relative to it.

    Raises
    ------
    InputError
        As `read_rows`; or rows or a cell are missing, or two patients have one image: it would be on both
        sides of a split.
    """
    _, rows = read_rows(path, columns)
    if not rows:
        raise InputError(path, "has no row below its heading", "Give at least one row")
    patients: dict[Path, str] = {}
    for line, row in rows:
        row.update({column: (row[column] or "").strip() for column in columns})
        if empty := [column for column in columns if not row[column]]:
            raise InputError(path, f"line {line} has no {', '.join(empty)}", "Fill it in")
        image = (path.parent / row["image"]).resolve()
        if (other := patients.setdefault(image, row["patient"])) != row["patient"]:
            problem = f"line {line} gives {row['image']} to {row['patient']}, an earlier one to {other}"
            raise InputError(path, problem, "Say whose image it is")
    return [row for _, row in rows]


def _numbered(labels: sitk.Image, known: Mapping[int, int], path: Path) -> sitk.Image:
    """Return the labels with what is `known` in the place of their values, which may be of any type."""
    array = sitk.GetArrayViewFromImage(labels)
    values = np.unique(array).tolist()
    if unknown := [f"{value:g}" for value in values if value not in known]:
        listed = ", ".join(unknown[:LISTED]) + (" ..." if len(unknown) > LISTED else "")
        problem = f"holds the values {listed}, of which nothing is said"
        raise InputError(path, problem, f"Add them to {VALUES}; labels are whole numbers")
    numbered = np.zeros(array.shape, np.uint8)
    for value in values:
        numbered[array == value] = known[value]
    return image_like(numbered, labels)


def _meaning(path: Path, schema: Schema) -> dict[int, str | None]:
    if not path.is_file():
        return {label.value: label.code for label in schema.labels}
    try:
        meaning = {int(value): code for value, code in json.loads(path.read_text("utf-8-sig")).items()}
    except (ValueError, AttributeError) as error:
        raise InputError(path, "is no table of values", 'Write, for instance, {"1": "healthy"}') from error
    known = {code for name in available_schemas() for code in load_schema(name).codes} | set(schema.codes)
    named = {str(code) for code in meaning.values() if code is not None}
    if strange := sorted(named - known):
        raise InputError(
            path, f"names {', '.join(strange)}, which no schema knows", f"Known: {', '.join(known)}"
        )
    return meaning
