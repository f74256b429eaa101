"""Radiographs listed in a CSV: image, mask, patient, view and licence per row."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path

import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images import read_radiograph
from LungCAD.train.label_volumes import read_table
from LungCAD.train.xray.masks import read_mask
from LungCAD.train.xray.radiographs import IGNORE, Film, Radiograph, RadiographSet

COLUMNS = ("image", "mask", "patient")
LUNG, UNKNOWN = 255, 127
"""Mask values of such sets: lung, and pixels that nobody labelled. 0 is everything else."""


def read_pairs(folder: Path | str) -> RadiographSet:
    """Return the films that `pairs.csv` in the folder lists; images and masks are read when needed.

    Columns: image, mask (paths relative to the folder), patient; view, licence, source_url where known.

    Raises
    ------
    InputError
        No such file, no table as `read_table` wants it, or a picture is missing; when a film is read: it
        cannot be used.
    """
    table = Path(folder) / "pairs.csv"
    if not table.is_file():
        raise InputError(folder, "has no pairs.csv", "Give the folder that holds it")
    rows = read_table(table, COLUMNS)
    films = tuple(_film(table, row) for row in rows)
    licences = Counter(row.get("licence") or "not stated" for row in rows)
    sources = sorted({row.get("source_url") or "" for row in rows} - {""})
    patients = len({film.patient for film in films})
    origin = f" from {', '.join(sources)}" if sources else ""
    return RadiographSet(
        films,
        f"{len(films)} radiographs of {patients} patients{origin}, with lung masks",
        ", ".join(f"{licence} ({count} images)" for licence, count in licences.items()),
    )


def _film(table: Path, row: dict[str, str]) -> Radiograph:
    image, mask = table.parent / row["image"], table.parent / row["mask"]
    for path in (image, mask):
        if not path.is_file():
            raise InputError(path, f"is listed in {table.name} but does not exist", "Complete the folder")
    return Radiograph(
        Path(row["image"]).stem, row["patient"], row.get("view") or "not stated", partial(_read, image, mask)
    )


def _read(image: Path, mask: Path) -> Film:
    film = sitk.GetArrayFromImage(read_radiograph(image))
    return film, read_mask(mask, film.shape, {0: 0, LUNG: 1, UNKNOWN: IGNORE})
