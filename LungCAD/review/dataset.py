"""A folder of reviewed cases that can be trained on: dataset.json, images/, labels/, provenance/."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images import same_geometry
from LungCAD.images.volume_file import read_image
from LungCAD.labels import Schema, parse_schema, schema_data

FORMAT, VERSION = "LungCAD dataset", 1
INDEX = "dataset.json"
IGNORE = 255
"""Value of what was not accepted, where the schema names none itself."""


@dataclass(frozen=True)
class Case:
    """One case of a dataset; no field tells who the patient is.

    id, patient : pseudonyms; split a dataset by patient, never by case.
    licence : under which the image may be used.
    accepted : slices that a reader accepted, counted from 0 along array axis `axis` of the images.
    reviewers : who accepted them. ledger : SHA-256 of the ledger's last line at export.
    model, parameters : name of what made the labels, and the SHA-256 of its parameters.
    counts : voxels by provenance ("drawn", "propagated", "model", "corrected") in the accepted slices.
    """

    id: str
    patient: str
    licence: str
    axis: int
    accepted: tuple[int, ...]
    reviewers: tuple[str, ...]
    ledger: str
    model: str
    parameters: str
    counts: dict[str, int]


@dataclass(frozen=True)
class Dataset:
    """An exported dataset; `schema.ignore_value` marks voxels that nobody accepted.

    Example
    -------
    >>> dataset = read_dataset("reviewed")
    >>> for case in dataset.cases:
    ...     image, labels = dataset.image(case), dataset.labels(case)
    """

    folder: Path
    schema: Schema
    cases: tuple[Case, ...]

    @property
    def patients(self) -> tuple[str, ...]:
        """The pseudonyms of all patients, in alphabetical order."""
        return tuple(sorted({case.patient for case in self.cases}))

    def image(self, case: Case) -> sitk.Image:
        """Return the scan of a case; raises InputError where its file is missing or damaged."""
        return read_image(image_path(self.folder, case.id))

    def labels(self, case: Case) -> sitk.Image:
        """Return the labels (uint8) on the grid of the scan; raises InputError as `image` does."""
        return self._beside(case, labels_path(self.folder, case.id))

    def provenance(self, case: Case) -> sitk.Image:
        """Return where the labels come from, values of `Provenance`; raises InputError as `image` does."""
        return self._beside(case, provenance_path(self.folder, case.id))

    def __iter__(self) -> Iterator[tuple[Case, sitk.Image, sitk.Image]]:
        for case in self.cases:
            yield case, self.image(case), self.labels(case)

    def _beside(self, case: Case, path: Path) -> sitk.Image:
        image = read_image(path)
        if not same_geometry(image, self.image(case)):
            raise InputError(path, "lies on another grid than its image", "Export the case again")
        return image

    def to_json(self) -> str:
        """Return the content of dataset.json."""
        content = {
            "format": FORMAT,
            "version": VERSION,
            "schema": schema_data(self.schema),
            "patients": self.patients,
            "licences": sorted({case.licence for case in self.cases}),
            "cases": [dataclasses.asdict(case) for case in self.cases],
        }
        return json.dumps(content, indent=2, ensure_ascii=False)


def read_dataset(folder: Path | str) -> Dataset:
    """Return the dataset in this folder; its images are read when asked for.

    Raises
    ------
    InputError
        There is no dataset.json, it is damaged, or of a newer version.
    """
    folder = Path(folder)
    path = folder / INDEX
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        remedy = "Choose a folder that a review was exported to"
        raise InputError(folder, f"is no dataset: {INDEX} cannot be read", remedy) from error
    except ValueError as error:
        raise InputError(path, "is damaged", "Restore it from a backup") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(path, f"is no {FORMAT}")
    if content.get("version") != VERSION:
        raise InputError(path, f"has version {content.get('version')}, not {VERSION}", "Update LungCAD")
    try:
        cases = tuple(_case(entry) for entry in content["cases"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(path, f"has a damaged case ({error})", "Restore it from a backup") from error
    return Dataset(folder, parse_schema(content.get("schema"), path), cases)


def patient_of(case: str, folder: Path | str) -> str:
    """Return what the dataset in `folder` calls the patient of a case; "" where it has it not.

    Raises InputError where the dataset is damaged.
    """
    if not (Path(folder) / INDEX).exists():
        return ""
    return next((one.patient for one in read_dataset(folder).cases if one.id == case), "")


def image_path(folder: Path, case: str) -> Path:
    """Return the file of a case's scan."""
    return folder / "images" / f"{case}.nrrd"


def labels_path(folder: Path, case: str) -> Path:
    """Return the file of a case's labels."""
    return folder / "labels" / f"{case}.nrrd"


def provenance_path(folder: Path, case: str) -> Path:
    """Return the file of where a case's labels come from."""
    return folder / "provenance" / f"{case}.nrrd"


def _case(entry: dict[str, Any]) -> Case:
    lists = {name: tuple(entry[name]) for name in ("accepted", "reviewers")}
    return Case(**{**entry, **lists})
