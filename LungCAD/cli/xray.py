"""`lungcad xray`: both lungs on one radiograph, on a folder of them, or on those that a CSV lists."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from PIL import Image

from LungCAD.batch.table import ResumableTable
from LungCAD.batch.xray import COLUMNS, find_films, segment_films
from LungCAD.cli.console import progress_bar
from LungCAD.cli.options import add_output, add_parameters, parameters_from
from LungCAD.errors import InputError
from LungCAD.files import write_text
from LungCAD.images import read_radiograph
from LungCAD.report.contact_sheet import Tile, render_contact_sheet
from LungCAD.report.record import repeatable_command, versions
from LungCAD.tasks.xray_lungs import XrayLungParameters, XraySegmenter, film_array

MOST_TILES = 60
"""Films on the contact sheet."""

UNFINISHED = "unfinished.json"
"""Lies in the output folder until the run is complete; names the parameters."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; those of the method derive from its parameters."""
    parser.add_argument(
        "source", type=Path, metavar="IMAGE|FOLDER|CSV", help="one film, a folder, or a CSV with column image"
    )
    parser.add_argument("--batch", type=int, default=8, metavar="N", help="films at once (default: 8)")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="decoding threads (default: 2)")
    add_parameters(parser, XrayLungParameters)
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Write masks/, results.csv, report.html and run.json; a run that was broken off is gone on with."""
    parameters = parameters_from(options, XrayLungParameters())
    films = find_films(options.source)
    segmenter = XraySegmenter(parameters)
    if films.single:
        film_array(read_radiograph(options.source))  # one film that cannot be used is an error, not a row
    folder = options.output
    _claim(folder, {"source": str(options.source.name), **parameters.as_dict()}, options.overwrite)
    with (
        ResumableTable(folder / "results.csv", COLUMNS) as table,
        progress_bar(options.quiet) as progress,
    ):
        segment_films(films, segmenter, folder, table, options.batch, options.workers, progress)
    rows = list(table.rows())
    failed = {row["image"]: row["error"] for row in rows if row["error"]}
    flagged = sum(bool(row["flags"]) for row in rows)
    sheet = render_contact_sheet(
        "Lungs on chest radiographs",
        list(_tiles(rows, films.root, folder)),
        {"Films": str(len(rows)), "To look at": str(flagged), "Not used": str(len(failed))},
        failed,
    )
    write_text(folder / "report.html", sheet, overwrite=True)
    record = {
        "command": repeatable_command(
            ["lungcad", *options.words], {str(options.source): "SOURCE", str(folder): "OUT"}
        ),
        "parameters": parameters.as_dict(),
        "films": len(rows),
        "versions": versions(),
    }
    write_text(folder / "run.json", json.dumps(record, indent=2), overwrite=True)
    (folder / UNFINISHED).unlink()
    if not options.quiet:
        for problem in failed.values():
            print(f"Not used: {problem}")
        print(f"{len(rows) - len(failed)} films, {flagged} of them to look at: {folder / 'report.html'}")
    return 0


def _claim(folder: Path, settings: dict[str, object], overwrite: bool) -> None:
    """Make the output folder, or go on in one that the same run left unfinished."""
    text = json.dumps(settings, indent=1)
    note = folder / UNFINISHED
    if note.is_file() and note.read_text(encoding="utf-8") == text:
        return
    if folder.exists():
        if not overwrite:
            raise InputError(
                folder, "exists already", "Choose another name, or allow overwriting (--overwrite)"
            )
        for name in ("results.csv", "report.html", "run.json", UNFINISHED):
            (folder / name).unlink(missing_ok=True)
        shutil.rmtree(folder / "masks", ignore_errors=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(folder, f"cannot be written to ({error.strerror})") from error
    write_text(note, text)


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
