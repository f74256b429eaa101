"""Radiographs that readers have reviewed, as the review exports them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.images import film_from_values
from LungCAD.review.dataset import Case, Dataset, read_dataset
from LungCAD.train.xray.radiographs import IGNORE, Film, Radiograph, RadiographSet

SCHEMAS = ("lungs", "cxr_lungs")
"""Every label of these is lung."""


def read_reviewed(folder: Path | str) -> RadiographSet:
    """Return the films of an exported dataset; what no reader accepted is ignored.

    Raises
    ------
    InputError
        There is no dataset, it has other labels, or no case; when a film is read: its files are damaged, or
        it has several slices.
    """
    dataset = read_dataset(folder)
    if dataset.schema.name not in SCHEMAS:
        problem = f"has labels of the schema {dataset.schema.name}, not of lungs"
        raise InputError(folder, problem, f"Needed: {' or '.join(SCHEMAS)}")
    if not dataset.cases:
        raise InputError(folder, "holds no case", "Export reviewed radiographs to it")
    films = tuple(
        Radiograph(case.id, case.patient, "not stated", partial(_read, dataset, case))
        for case in dataset.cases
    )
    patients, licences = len(dataset.patients), sorted({case.licence for case in dataset.cases})
    return RadiographSet(
        films, f"{len(films)} reviewed radiographs of {patients} patients", "; ".join(licences)
    )


def _read(dataset: Dataset, case: Case) -> Film:
    labels = _plane(dataset.labels(case), case)
    film = film_from_values(_plane(dataset.image(case), case), (1.0, 1.0), case.id)
    mask = np.where(labels == dataset.schema.ignore_value, IGNORE, labels > 0).astype(np.uint8)
    return sitk.GetArrayFromImage(film), mask


def _plane(image: sitk.Image, case: Case) -> NDArray:
    """Return the one slice (Y, X) of an image."""
    array = sitk.GetArrayFromImage(image)
    if array.shape[case.axis] != 1:
        problem = f"has {array.shape[case.axis]} slices"
        raise InputError(case.id, problem, "Radiographs have one: use a dataset of films alone")
    return array.squeeze(case.axis)
