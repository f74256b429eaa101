"""Judged slices join a table to train on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.files import make_folder, sole_use
from LungCAD.images import image_like, write_image
from LungCAD.review.pseudonyms import as_reviewed, require_pseudonym
from LungCAD.review.slice_labels import SliceLabels, read_slice_labels, write_slice_labels
from LungCAD.review.slice_review import SliceReview

TABLE = "slices.csv"


def patient_of(scan: str, folder: Path | str, diseases: Sequence[str]) -> str:
    """Return what the table in `folder` calls the patient of a scan; "" where it has it not.

    Raises InputError where the table is damaged or has other diseases.
    """
    rows = _rows(Path(folder) / TABLE, diseases)
    return next((row.patient for row in rows if row.scan == scan), "")


def export_slices(
    review: SliceReview, image: sitk.Image, folder: Path | str, patient: str, overwrite: bool = False
) -> Path:
    """Add the judged slices of a review to the table in `folder`, and return its path.

    The table is as `LungCAD.review.slice_labels` describes it; the scan is copied beside it, nothing of it
    but voxels and geometry. The fold of a patient and the licence of a scan that the table has stay.

    Parameters
    ----------
    image : the scan that was reviewed; it is written with its slices in the order of the review.
    patient : pseudonym; the same for all scans of one patient.
    overwrite : replace the rows of this scan where the table has some.

    Raises
    ------
    InputError
        No slice is judged, a name is no pseudonym, the table has other diseases, or has the scan already,
        the image is not the reviewed one, or the folder cannot be written, or is being written to by another
        export.
    """
    folder, image = Path(folder), as_reviewed(image, review.case)
    require_pseudonym(review.case, "case")
    require_pseudonym(patient, "patient")
    if not review.judgements:
        raise InputError("review", "has no judged slice", "Confirm or correct at least one")
    table, name = folder / TABLE, Path("images") / f"{review.case}.nrrd"
    make_folder(folder)
    with sole_use(folder):  # what another reader adds meanwhile would be lost
        rows = _rows(table, review.diseases)
        others = [_relative(row, folder) for row in rows if row.scan != review.case]
        if len(others) < len(rows) and not overwrite:
            remedy = "Allow overwriting, or choose another folder"
            raise InputError(table, f"has {review.case} already", remedy)
        make_folder((folder / name).parent)
        write_image(image_like(sitk.GetArrayFromImage(image), image), folder / name, overwrite=True)
        # What somebody wrote into the table; patients with and without a fold would make it unreadable.
        fold = next((row.fold for row in rows if row.patient == patient), None)
        licence = next((row.licence for row in rows if row.scan == review.case), "")
        mine = [
            SliceLabels(patient, review.case, name, number, _said(shown, review), fold, licence)
            for number, shown in review.judgements.items()
        ]
        write_slice_labels(table, [*others, *mine], review.diseases, overwrite=True)
    return table


def _said(shown: Collection[str], review: SliceReview) -> dict[str, bool]:
    return {code: code in shown for code in review.diseases}


def _rows(table: Path, diseases: Sequence[str]) -> list[SliceLabels]:
    return read_slice_labels(table, diseases) if table.exists() else []


def _relative(row: SliceLabels, folder: Path) -> SliceLabels:
    """Images were read as paths beside the table; those elsewhere keep their absolute ones."""
    image = row.image.relative_to(folder) if row.image.is_relative_to(folder) else row.image
    return replace(row, image=image)
