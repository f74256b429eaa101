"""Scans with a label volume each, as LTRC has them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images import image_like, read_ct, read_labels, same_geometry
from LungCAD.images.volume_file import read_image
from LungCAD.labels import Schema, load_schema
from LungCAD.progress import Progress, each, silent
from LungCAD.tasks.detection_input import DetectionInput
from LungCAD.train.detection.slices import SliceSet, cut_slices
from LungCAD.train.label_volumes import COLUMNS, PAIRS, VALUES, read_table

SCHEMA = "ltrc5"


def label_volume_slices(
    folder: Path | str, prepare: DetectionInput | None = None, progress: Progress = silent
) -> Iterator[SliceSet]:
    """Yield the slices of every scan that `pairs.csv` in the folder lists.

    Columns: image, labels (paths relative to the folder), patient; licence where known. Values are those of
    the schema ltrc5, unless `values.json` says what they mean: {"10": "healthy", "20": "ground_glass", ...,
    "30": null} for what is none of them; 0 is outside the lungs.

    Raises
    ------
    InputError
        No such file, a column, a cell or a volume is missing, values without meaning, another geometry.
    """
    folder, prepare = Path(folder), prepare or DetectionInput()
    rows = read_table(folder / PAIRS, COLUMNS)
    schema, meaning = load_schema(SCHEMA), _meaning(folder / VALUES)
    patients = len({row["patient"] for row in rows})
    source = f"{len(rows)} scans of {patients} patients with label volumes"
    for row in each(rows, progress, "Reading scans"):
        ct = read_ct(folder / row["image"]).image
        path = folder / row["labels"]
        labels = read_labels(path, schema, ct) if meaning is None else _translated(path, ct, schema, meaning)
        licence = row.get("licence") or "not stated"
        yield cut_slices(ct, labels, schema, prepare, row["patient"], source, licence, subject=path)


def _meaning(path: Path) -> dict[int, str | None] | None:
    if not path.is_file():
        return None
    try:
        said = json.loads(path.read_text("utf-8-sig")).items()
        return {int(value): None if code is None else str(code) for value, code in said}
    except (ValueError, AttributeError) as error:
        raise InputError(path, "is no table of values", 'Write, for instance, {"1": "healthy"}') from error


def _translated(path: Path, ct: sitk.Image, schema: Schema, meaning: dict[int, str | None]) -> sitk.Image:
    """Return the labels with the schema's values in the place of the file's own."""
    image = read_image(path)
    if not same_geometry(ct, image):
        raise InputError(path, "has another geometry than its CT", "Give the labels of this very scan")
    if strange := sorted(set(meaning.values()) - {None, *schema.codes}):
        problem = f"names {', '.join(strange)}, which {schema.name} does not know"
        raise InputError(path.parent / VALUES, problem, f"Known: {', '.join(schema.codes)}")
    own = sitk.GetArrayFromImage(image)
    of_schema = {None: 0, **{code: schema.by_code(code).value for code in schema.codes}}
    known = {0: 0, **{value: of_schema[code] for value, code in meaning.items()}}
    values, places = np.unique(own, return_inverse=True)
    if unknown := [f"{value:g}" for value in values.tolist() if value not in known]:
        listed = ", ".join(unknown[:5]) + (" ..." if len(unknown) > 5 else "")
        problem = f"holds the values {listed}, of which {VALUES} says nothing"
        raise InputError(path, problem, "Add them; labels are whole numbers")
    table = np.array([known[value] for value in values.tolist()], np.uint8)
    return image_like(table[places.reshape(own.shape)], ct)
