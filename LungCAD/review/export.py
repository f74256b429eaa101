"""Accepted slices join a dataset."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.files import IN_USE, make_folder, sole_use, write_text
from LungCAD.images import axial_axis, image_like, write_image
from LungCAD.labels import Provenance, Schema
from LungCAD.review.dataset import (
    IGNORE,
    INDEX,
    Case,
    Dataset,
    image_path,
    labels_path,
    provenance_path,
    read_dataset,
)
from LungCAD.review.pseudonyms import as_reviewed, require_pseudonym
from LungCAD.review.review import Review
from LungCAD.review.stack import from_stack, to_stack

COUNTED = (Provenance.DRAWN, Provenance.PROPAGATED, Provenance.MODEL, Provenance.CORRECTED)


def export_case(
    review: Review,
    image: sitk.Image,
    schema: Schema,
    folder: Path | str,
    *,
    patient: str,
    licence: str,
    overwrite: bool = False,
) -> Case:
    """Add the accepted slices of a review to the dataset in `folder`, which is made where there is none.

    Labels of slices that were not accepted, and lung that was left undecided, get the ignore value. Of the
    image nothing but voxels and geometry is written: no DICOM field, no file name.
    A crash leaves the dataset as it was, or without this case, or with all of it.

    Parameters
    ----------
    image : the scan that was reviewed; it is written with its slices in the order of the review.
    schema : that of the labels.
    patient : pseudonym; the same for all scans of one patient. licence : under which the image may be used.
    overwrite : replace the case where the dataset has it already.

    Raises
    ------
    InputError
        No slice is accepted, the dataset has another schema or has the case already, a name is no pseudonym,
        the licence is not stated, the image is not the reviewed one, or the folder cannot be written, or is
        being written to by another export.
    """
    image = as_reviewed(image, review.case)
    folder, case = Path(folder), _describe(review, image, patient, licence)
    schema = schema if schema.ignore_value else replace(schema, ignore_value=IGNORE)
    make_folder(folder)
    with sole_use(folder):  # what another reader adds meanwhile would be lost
        if all(file.name == IN_USE for file in folder.iterdir()):
            write_text(folder / INDEX, Dataset(folder, schema, ()).to_json())
        dataset = read_dataset(folder)
        if dataset.schema != schema:
            remedy = "Export to a folder of its own"
            raise InputError(folder, f"has the schema {dataset.schema.name}, not {schema.name}", remedy)
        others = tuple(each for each in dataset.cases if each.id != case.id)
        if len(others) < len(dataset.cases):
            if not overwrite:
                remedy = "Allow overwriting, or choose another folder"
                raise InputError(folder, f"has {case.id} already", remedy)
            write_text(folder / INDEX, replace(dataset, cases=others).to_json(), overwrite=True)
        _write_images(review, image, schema, folder)
        write_text(folder / INDEX, replace(dataset, cases=(*others, case)).to_json(), overwrite=True)
    return case


def _describe(review: Review, image: sitk.Image, patient: str, licence: str) -> Case:
    require_pseudonym(review.case, "case")
    require_pseudonym(patient, "patient")
    if not licence.strip():
        raise InputError("licence", "is not stated", "Say under which licence the image may be used")
    if to_stack(image).shape != review.state.masks.labels.shape:
        raise InputError("image", "is not the reviewed scan: it has another size", "Choose that scan")
    if not review.state.accepted:
        raise InputError("review", "has no accepted slice", "Accept at least one slice")
    provenance = review.state.masks.provenance[list(review.state.accepted)]
    made, judgements = review.entries[review.state.propagation - 1], review.state.judgements
    return Case(
        id=review.case,
        patient=patient,
        licence=licence.strip(),
        axis=2 - axial_axis(image),
        accepted=review.state.accepted,
        reviewers=tuple(sorted({judgements[number].reviewer for number in review.state.accepted})),
        ledger=review.digest,
        model=made.model,
        parameters=made.parameters,
        counts={origin.name.lower(): int(np.count_nonzero(provenance == origin)) for origin in COUNTED},
    )


def _write_images(review: Review, image: sitk.Image, schema: Schema, folder: Path) -> None:
    masks = review.state.masks
    labels, provenance = np.full_like(masks.labels, schema.ignore_value), masks.provenance
    accepted = list(review.state.accepted)
    undecided = provenance[accepted] == Provenance.UNDECIDED
    labels[accepted] = np.where(undecided, schema.ignore_value, masks.labels[accepted])
    # Made anew from its voxels: what else the scan carries may name the patient.
    scan = image_like(sitk.GetArrayFromImage(image), image)
    files = {
        image_path(folder, review.case): scan,
        labels_path(folder, review.case): from_stack(labels, image),
        provenance_path(folder, review.case): from_stack(provenance, image),
    }
    for path, content in files.items():
        make_folder(path.parent)
        write_image(content, path, overwrite=True)
