"""A run over radiographs with everything that stays of it: masks, table, contact sheet, record."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from PIL import Image

from LungCAD.batch.table import ResumableTable, begins_with
from LungCAD.batch.xray import COLUMNS, TABLE, Films, find_films, segment_films
from LungCAD.errors import InputError
from LungCAD.files import RECORD, make_folder, sole_use, write_json, write_text
from LungCAD.images import read_radiograph
from LungCAD.progress import Progress, silent
from LungCAD.report.contact_sheet import Tile, render_contact_sheet
from LungCAD.report.record import made_with, versions
from LungCAD.tasks.xray_lungs import XrayLungParameters, XraySegmenter, film_array
from LungCAD.weights.shipped import weights_by_role

MOST_TILES = 60
"""Films on the contact sheet."""

UNFINISHED = "unfinished.json"
"""Lies in the output folder until the run is complete; names the parameters."""

REPORT = "report.html"


@dataclass(frozen=True)
class XrayRun:
    """What came of it. flagged : films that a person should look at. failed : those not used, and why."""

    films: int
    flagged: int
    failed: Mapping[str, str]
    report: Path


def run_films(
    source: Path,
    folder: Path,
    parameters: XrayLungParameters,
    *,
    batch: int = 8,
    workers: int = 2,
    overwrite: bool = False,
    command: str = "",
    progress: Progress = silent,
) -> XrayRun:
    """Find the lungs on a film, on those of a folder, or on those that a CSV lists.

    Writes masks/, results.csv, report.html and run.json into `folder`. A run of the same source and
    parameters that was broken off there is gone on with.

    Parameters
    ----------
    batch, workers : films at once, threads that decode and write. command : for the record.

    Raises
    ------
    InputError
        Nothing to be found at `source`, a single film that cannot be used, weights that cannot be used, or
        `folder` holds the films or other things, exists (and `overwrite` is false), cannot be written, or
        another run writes to it.
    Cancelled
        From `progress`; the same call goes on where it stopped.
    """
    for name, value in (("batch", batch), ("workers", workers)):
        if value < 1:
            raise InputError(name, f"is {value}", "Give 1 or more")
    if source.resolve().is_relative_to(folder.resolve()):  # what was drawn may lie beside them, as masks/
        raise InputError(folder, "holds the films", "Choose another folder for the results")
    films = find_films(source, folder)
    segmenter = XraySegmenter(parameters)
    if films.single:
        film_array(read_radiograph(source))  # one film that cannot be used is an error, not a row
    method = made_with(parameters, weights_by_role(parameters.weights))
    # A folder of the same name elsewhere holds other films; its path itself may name people.
    place = hashlib.sha256(str(source.resolve()).encode()).hexdigest()
    settings = json.dumps({"source": place, **method}, indent=1)
    goes_on = _may_go_on(folder, settings, overwrite)
    with sole_use(folder):
        try:
            if goes_on:
                _forget_changed(folder, films)
            else:
                _clear(folder)
                write_text(folder / UNFINISHED, settings)
            with ResumableTable(folder / TABLE, COLUMNS) as table:
                segment_films(films, segmenter, folder, table, batch, workers, progress)
            return _conclude(list(table.rows()), films.root, folder, {"command": command, **method})
        except OSError as error:  # films that cannot be read are rows; what is left is the disk
            remedy = "Make room; the same command then goes on from here"
            raise InputError(folder, f"could not be written ({error.strerror})", remedy) from error


def _conclude(rows: list[dict[str, str]], root: Path, folder: Path, made: Mapping[str, object]) -> XrayRun:
    """Write contact sheet and record of the rows of a complete table."""
    failed = {row["image"]: row["error"] for row in rows if row["error"]}
    flagged = sum(bool(row["flags"]) for row in rows)
    tiles, usable = list(_tiles(rows, root, folder)), len(rows) - len(failed)
    sheet = render_contact_sheet(
        "Lungs on chest radiographs",
        tiles,
        {"Films": str(len(rows)), "To look at": str(flagged), "Not used": str(len(failed))},
        failed,
        f"Only {len(tiles)} of {usable} films are shown; {TABLE} has all." if len(tiles) < usable else "",
    )
    write_text(folder / REPORT, sheet, overwrite=True)
    record = {**made, "films": len(rows), "versions": versions()}
    write_json(folder / RECORD, record, overwrite=True)
    (folder / UNFINISHED).unlink(missing_ok=True)
    return XrayRun(len(rows), flagged, failed, folder / REPORT)


def _may_go_on(folder: Path, settings: str, overwrite: bool) -> bool:
    """Make the output folder; tell whether it is one that the same run left unfinished."""
    note = folder / UNFINISHED
    if note.is_file() and note.read_text(encoding="utf-8") == settings:
        return True
    if folder.exists() and not (overwrite and folder.is_dir()):
        remedy = "Choose another name, or remove it (lungcad xray has --overwrite)"
        raise InputError(folder, "exists already", remedy)
    if folder.exists() and any(folder.iterdir()) and not (note.is_file() or _is_complete(folder)):
        raise InputError(folder, "holds other things than results of radiographs", "Choose another folder")
    make_folder(folder)
    return False


def _is_complete(folder: Path) -> bool:
    """Tell whether a folder holds the results of an earlier run."""
    return (folder / RECORD).is_file() and begins_with(folder / TABLE, COLUMNS)


def _clear(folder: Path) -> None:
    """Remove what an earlier run has left, and no other masks."""
    if (folder / TABLE).is_file():
        with ResumableTable(folder / TABLE, COLUMNS) as table:
            _remove_masks(folder, table.rows())
    for name in (RECORD, TABLE, REPORT, UNFINISHED):
        (folder / name).unlink(missing_ok=True)


def _forget_changed(folder: Path, films: Films) -> None:
    """Take rows from a broken-off table whose films are no longer listed, changed since, or failed."""
    began, listed = (folder / UNFINISHED).stat().st_mtime, set(films.names)

    def holds(row: Mapping[str, str]) -> bool:
        film = films.root / row["image"]
        if row["error"] or row["image"] not in listed or not film.is_file():
            return False
        return max(film.stat().st_mtime, film.stat().st_ctime) <= began

    if not (folder / TABLE).is_file():
        return
    with ResumableTable(folder / TABLE, COLUMNS) as table:
        rows = list(table.rows())
    kept: list[dict[str, str]] = []
    dropped: list[dict[str, str]] = []
    for row in rows:
        (kept if holds(row) else dropped).append(row)
    if not dropped:
        return
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(kept)
    write_text(folder / TABLE, text.getvalue(), overwrite=True)
    _remove_masks(folder, dropped)


def _remove_masks(folder: Path, rows: Iterable[Mapping[str, str]]) -> None:
    for row in rows:
        if row["mask"]:
            (folder / row["mask"]).unlink(missing_ok=True)


def _tiles(rows: list[dict[str, str]], root: Path, folder: Path) -> Iterator[Tile]:
    """Yield the films to look at first: flagged ones, then those the network is least sure of."""
    usable = [row for row in rows if not row["error"]]
    usable.sort(key=lambda row: (not row["flags"], float(row["confidence"])))
    for row in usable[:MOST_TILES]:
        film = sitk.GetArrayFromImage(read_radiograph(root / row["image"]))
        with Image.open(folder / row["mask"]) as mask:
            labels = np.asarray(mask)
        remarks = [remark for remark in row["flags"].split("; ") if remark]
        yield Tile(film, labels, row["image"], float(row["confidence"]), remarks)
