"""Lungs on any number of radiographs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, count, islice
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from PIL import Image

from LungCAD.batch.table import ResumableTable, begins_with
from LungCAD.csv_rows import stream_rows
from LungCAD.errors import InputError
from LungCAD.files import UNFINISHED, files_below
from LungCAD.images import read_radiograph
from LungCAD.parallel import thread_map
from LungCAD.progress import Progress, silent
from LungCAD.tasks.xray_lungs import XrayLungs, XraySegmenter, film_array, read_out

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dcm", ".nii.gz", ".nii", ".nrrd", ".mha")
"""Files of a folder that may be radiographs; so may those without suffix, and those whose name is a UID."""

TABLE = "results.csv"

COLUMNS = (
    "image",
    "mask",
    "width",
    "height",
    "right_px",
    "left_px",
    "right_cm2",
    "left_cm2",
    "confidence",
    "flags",
    "error",
)


@dataclass(frozen=True)
class Films:
    """Names of radiographs, relative to `root`, in a fixed order, and how many there are.

    names : the same whenever they are gone through. single : a file was named, not a folder or a list.
    """

    root: Path
    names: Iterable[str]
    count: int
    single: bool = False


@dataclass(frozen=True)
class _Prepared:
    name: str
    mask: Path
    film: sitk.Image | None = None
    square: NDArray[np.float32] | None = None
    error: str = ""


def find_films(source: Path, results: Path | None = None) -> Films:
    """Return the radiographs of a file, of a folder and all folders in it, or of a CSV's column `image`.

    The folder of the results, if in there, holds none; nor do those of earlier runs, which hold masks.

    Raises
    ------
    InputError
        Nothing is there, the CSV cannot be read or has no such column, or no film is listed.
    """
    if not source.exists():
        raise InputError(source, "does not exist", "Give a radiograph, a folder of them, or a CSV")
    if source.is_dir():
        own, found = results.resolve() if results else None, files_below(source)
        earlier = {path.parent for path in found if path.name == TABLE and begins_with(path, COLUMNS)}
        names = sorted(
            str(path.relative_to(source))
            for path in found
            if (path.name.lower().endswith(SUFFIXES) or not path.suffix or _is_part_of_uid(path.suffix))
            and (own is None or own not in path.resolve().parents)
            and earlier.isdisjoint(path.parents)
        )
        if not names:
            raise InputError(source, "holds no image", "Give a folder with radiographs")
        return Films(source, names, len(names))
    if source.suffix.lower() == ".csv":
        listed = _Listed(source)
        if not (films := sum(1 for _ in listed)):
            raise InputError(source, "lists no image", "Give one path per row in the column image")
        return Films(source.parent, listed, films)
    return Films(source.parent, [source.name], 1, single=True)


def segment_films(
    films: Films,
    segmenter: XraySegmenter,
    folder: Path,
    table: ResumableTable,
    batch: int = 8,
    workers: int = 2,
    progress: Progress = silent,
) -> None:
    """Write a mask per film (0, 1 right, 2 left; the film's own size) below `folder` and a row per film.

    Films that `table` has already are skipped; a film that cannot be used gets its sentence in the column
    `error`, and the run goes on. Decoding and writing run beside the network.
    """
    waiting = _with_masks(films.names, table)

    def prepare(named: tuple[str, Path]) -> _Prepared:
        name, _ = named
        try:
            film = read_radiograph(films.root / name)
            return _Prepared(*named, film, segmenter.input.image(film_array(film)))
        except InputError as error:  # of paths only what the source says: folders above it may name people
            return _Prepared(*named, error=str(InputError(name, error.problem, error.remedy)))
        except MemoryError:
            return _Prepared(*named, error=f"{name}: needs more memory than there is")
        except Exception as error:  # noqa: BLE001 - whatever is odd about one film, the others are to be done
            return _Prepared(*named, error=f"{name}: cannot be read ({type(error).__name__})")

    def finish(pair: tuple[_Prepared, NDArray[np.float32] | None]) -> dict[str, object]:
        one, lung = pair
        if one.film is None or lung is None:
            return {"image": one.name, "error": one.error}
        result = read_out(one.film, lung, segmenter.mirrored)
        write_mask(result.labels, folder / one.mask)
        return _row(one, result)

    def predicted(stream: Iterator[_Prepared]) -> Iterator[tuple[_Prepared, NDArray[np.float32] | None]]:
        while chunk := list(islice(stream, batch)):
            usable = [one.square for one in chunk if one.square is not None]
            lungs = iter(segmenter.probabilities(np.stack(usable)) if usable else ())
            yield from ((one, None if one.square is None else next(lungs)) for one in chunk)

    prepared = thread_map(prepare, waiting, workers, ahead=2 * batch)
    for number, row in enumerate(thread_map(finish, predicted(prepared), workers, ahead=batch)):
        table.append(row)
        if number % batch == 0:
            table.flush()
        progress(len(table.done) / films.count, f"{len(table.done)} of {films.count} films")


def write_mask(labels: sitk.Image, path: Path) -> None:
    """Write a mask as PNG whose values are the labels; atomic, an existing one is replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # As short for names as long as can be, and the same again: of a run that was killed nothing is left.
    name = hashlib.sha256(os.fsencode(path.name)).hexdigest()
    unfinished = path.with_name(f"{UNFINISHED}{name}")
    try:
        Image.fromarray(sitk.GetArrayViewFromImage(labels)).save(unfinished, format="png")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _with_masks(names: Iterable[str], table: ResumableTable) -> Iterator[tuple[str, Path]]:
    """Yield the films that are left to do, once each, with a mask's name that no other film has."""
    taken, begun = {row["mask"] for row in table.rows()}, set(table.done)
    for name in names:
        if name in begun:
            continue
        begun.add(name)
        path = Path(name)
        inside = path if not path.is_absolute() and ".." not in path.parts else Path(path.name)
        stem = inside.name if _is_part_of_uid(inside.suffix) else inside.stem
        further = (f"{inside.name}.{number}.png" for number in count(2))
        masks = (
            Path("masks") / inside.with_name(one)
            for one in chain([f"{stem}.png", f"{inside.name}.png"], further)
        )
        mask = next(one for one in masks if one.as_posix() not in taken)
        taken.add(mask.as_posix())
        yield name, mask


def _row(one: _Prepared, result: XrayLungs) -> dict[str, object]:
    width, height = one.film.GetSize()
    right, left = result.area_px
    areas = dict(
        zip(("right_cm2", "left_cm2"), (f"{area:.2f}" for area in result.area_cm2 or ()), strict=False)
    )
    return {
        "image": one.name,
        "mask": one.mask.as_posix(),
        "width": width,
        "height": height,
        "right_px": right,
        "left_px": left,
        **areas,
        "confidence": f"{result.confidence:.4f}",
        "flags": "; ".join(flag.value for flag in result.flags),
    }


@dataclass(frozen=True)
class _Listed:
    """The names in a CSV, read anew each time they are asked for: there may be very many."""

    table: Path

    def __iter__(self) -> Iterator[str]:
        for line, row in stream_rows(self.table, ("image",)):
            if not (name := (row["image"] or "").strip()):
                remedy = "Give one path per row in the column image"
                raise InputError(self.table, f"line {line} names no image", remedy)
            yield name


def _is_part_of_uid(suffix: str) -> bool:
    """Tell whether what follows a name's last point is no suffix: archives name DICOM files 1.2.840.7."""
    return suffix[1:].isdigit()
