"""Slices in a folder: images that are mapped into memory, truth as a table, the rest as JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.files import atomic_folder, write_json
from LungCAD.tasks.detection_input import DetectionInput
from LungCAD.train.detection.slices import CELLS, SliceSet, require_alike

IMAGES, CELLS_FILE, TABLE, ABOUT = "images.raw", "cells.raw", "slices.csv", "about.json"
COLUMNS = ["patient", "fold", "gap [mm]"]
"""Of the table, before the areas of the diseases in mm2."""


def write_slices(parts: Iterable[SliceSet], folder: Path, overwrite: bool = False) -> None:
    """Write the slices of all parts; no more than one part needs to be in memory.

    The folder appears when it is complete; it has cells where all parts have them. Raises InputError where
    it exists, where there is no part, where parts were prepared in different ways, or where only some have
    folds.
    """
    first, sources, licences, synthetic, with_cells = None, {}, {}, False, True
    with atomic_folder(folder, overwrite) as temporary:
        with (
            (temporary / IMAGES).open("wb") as images,
            (temporary / CELLS_FILE).open("wb") as cells,
            (temporary / TABLE).open("w", newline="", encoding="utf-8") as file,
        ):
            table = csv.writer(file)
            for one in parts:
                if first is None:
                    first = one
                    table.writerow([*COLUMNS, *one.diseases])
                require_alike(first, one)
                _require_same_folds(first, one)
                images.write(np.ascontiguousarray(one.images).data)
                with_cells = with_cells and one.cells is not None
                if with_cells:
                    cells.write(np.ascontiguousarray(one.cells).data)
                known = (_column(one.folds, len(one)), _column(one.gap_mm, len(one)))
                areas = one.areas.astype(float).tolist()
                rows = zip(one.patients, *known, areas, strict=True)
                table.writerows([patient, fold, gap, *row] for patient, fold, gap, row in rows)
                sources[one.source] = licences[one.licence] = None
                synthetic = synthetic or one.synthetic
            if not with_cells:
                cells.truncate(0)
        if first is None:
            raise InputError(folder, "would hold no slice", "Give scans")
        about = {
            "input": first.input.as_plain(),
            "source": "; ".join(sources),
            "licence": "; ".join(licences),
            "synthetic": synthetic,
        }
        write_json(temporary / ABOUT, about)


def read_slices(folder: Path | str) -> SliceSet:
    """Return the set in a folder that `write_slices` wrote; its images stay on the disk until they are used.

    Raises
    ------
    InputError
        There is none, or it is damaged.
    """
    folder = Path(folder)
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        with (folder / TABLE).open(newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        if header[: len(COLUMNS)] != COLUMNS:
            raise ValueError(f"{TABLE} is of another version")
        diseases = tuple(header[len(COLUMNS) :])
        prepare = DetectionInput.from_plain(about.pop("input"))
        shape = (len(rows), len(prepare.windows), prepare.side, prepare.side)
        images = np.memmap(folder / IMAGES, np.uint8, "r", shape=shape)
        if (folder / IMAGES).stat().st_size != images.size:
            raise ValueError("images and table differ")
        shape = (len(rows), 2 + len(diseases), CELLS, CELLS)
        known = (folder / CELLS_FILE).stat().st_size
        if known not in (0, np.prod(shape)):
            raise ValueError("cells and table differ")
        return SliceSet(
            images,
            np.array([row[len(COLUMNS) :] for row in rows], np.float32),
            np.array([row[0] for row in rows]),
            diseases,
            prepare,
            folds=_known([row[1] for row in rows], np.intp),
            gap_mm=_known([row[2] for row in rows], np.float32),
            cells=np.fromfile(folder / CELLS_FILE, np.uint8).reshape(shape) if known else None,
            **about,
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(folder, f"holds no prepared slices ({error})", "Prepare them anew") from error


def _require_same_folds(first: SliceSet, other: SliceSet) -> None:
    if (first.folds is None) != (other.folds is None):
        without = first if first.folds is None else other
        remedy = "Choose a fold for every slice of all of them, or for none"
        raise InputError(without.source, "has no folds, where other slices have", remedy)


def _column(values: NDArray | None, length: int) -> list[object]:
    return [""] * length if values is None else values.tolist()


def _known(cells: list[str], kind: type) -> NDArray | None:
    return np.array(cells, kind) if all(cells) else None
