"""Patches of the Geneva (HUG) database (Depeursinge 2012): `ILD_DB_txtROIs`, as its users are given it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images import read_ct, read_txt_rois, to_axial
from LungCAD.labels import Schema, load_schema
from LungCAD.progress import Progress, each, silent
from LungCAD.train.patches.cutting import cut_patches
from LungCAD.train.patches.patch_set import PatchSet

ROIS = "ILD_DB_txtROIs"
NOT_A_PATIENT = {ROIS, "HRCT_pilot"}
"""Folders that hold patients but are none."""


def read_geneva(
    folder: Path | str,
    schema: Schema,
    patch_px: int = 32,
    step: int = 16,
    purity: float = 1.0,
    progress: Progress = silent,
) -> PatchSet:
    """Return the patches that lie within the drawn regions of the labels that the schema has.

    Parameters
    ----------
    folder : `ILD_DB_txtROIs` or the folder that holds it. Each text of contours lies beside its DICOM slices;
        all series below one patient's folder are one patient.
    patch_px, step, purity : as `cut_patches` takes them. The paper: 32 px, wholly within.

    Raises
    ------
    InputError
        The folder holds no such texts, or no two classes of the schema.
    """
    folder = Path(folder)
    root = folder / ROIS if (folder / ROIS).is_dir() else folder
    texts = sorted(path for path in root.rglob("*.txt") if any(path.parent.glob("*.dcm")))
    if not texts:
        raise InputError(folder, "holds no texts of contours beside DICOM slices", f"Give the folder {ROIS}")
    drawn_schema = load_schema("geneva18")
    hu, codes, patients, skipped = [], [], [], []
    for text in each(texts, progress, "Reading the Geneva database"):
        patient = _patient(text.relative_to(root))
        try:
            ct = read_ct(text.parent, "largest").image
            rois = read_txt_rois(text, ct, drawn_schema)
        except InputError as error:
            skipped.append(f"Patient {patient} was left out: {error.problem}.")
            continue
        for patch, value in cut_patches(_array(ct), _array(rois), patch_px, step, purity):
            hu.append(patch)
            codes.append(drawn_schema.by_value(value).code)
            patients.append(patient)
    source = f"Geneva (HUG) ILD database, {len(set(patients))} patients (Depeursinge et al. 2012)"
    return PatchSet.of(hu, codes, patients, schema.codes, source, warnings=skipped)


def _patient(inside: Path) -> str:
    """Return the first folder that is a patient's; its series are below it."""
    return next(name for name in inside.parts if name not in NOT_A_PATIENT)


def _array(image: sitk.Image) -> np.ndarray:
    return sitk.GetArrayFromImage(to_axial(image))
