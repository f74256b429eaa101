"""Slices in a folder: images that are mapped into memory, truth as a table, the rest as JSON."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np

from LungCAD.errors import InputError
from LungCAD.files import atomic_folder, write_text
from LungCAD.tasks.detection_input import DetectionInput
from LungCAD.train.detection.slices import SliceSet

IMAGES, TABLE, ABOUT = "images.npy", "slices.csv", "about.json"


def write_slices(slices: SliceSet, folder: Path, overwrite: bool = False) -> None:
    """Write a set; the folder appears when it is complete. Raises InputError where it exists."""
    with atomic_folder(folder, overwrite) as temporary:
        np.save(temporary / IMAGES, slices.images)
        with (temporary / TABLE).open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(["patient", *slices.diseases])
            table.writerows(
                [patient, *row.tolist()]
                for patient, row in zip(slices.patients, slices.areas.astype(float), strict=True)
            )
        about = {
            "input": slices.input.as_plain(),
            "source": slices.source,
            "licence": slices.licence,
            "synthetic": slices.synthetic,
        }
        write_text(temporary / ABOUT, json.dumps(about, indent=1))


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
        images = np.load(folder / IMAGES, mmap_mode="r")
        areas = np.array([[float(value) for value in row[1:]] for row in rows], np.float32)
        if len(images) != len(areas) or images.dtype != np.uint8:
            raise ValueError("images and table differ")
        prepare = DetectionInput.from_plain(about.pop("input"))
        patients = np.array([row[0] for row in rows])
        return SliceSet(images, areas, patients, tuple(header[1:]), prepare, **about)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(folder, f"holds no prepared slices ({error})", "Prepare them anew") from error
