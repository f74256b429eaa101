"""Patches of the Geneva (HUG) database."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from LungCAD.images import to_axial
from LungCAD.labels import Schema, load_schema
from LungCAD.progress import Progress, silent
from LungCAD.train.geneva import SCHEMA, geneva_scans, geneva_source
from LungCAD.train.patches.cutting import cut_patches
from LungCAD.train.patches.patch_set import PatchSet


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
    folder : as `geneva_scans` takes it.
    patch_px, step, purity : as `cut_patches` takes them. The paper: 32 px, wholly within.

    Raises
    ------
    InputError
        The folder holds no texts of contours, or no two classes of the schema.
    """
    drawn_schema = load_schema(SCHEMA)
    hu, codes, patients, skipped = [], [], [], []
    for one in geneva_scans(folder, skipped, progress):
        for patch, value in cut_patches(_array(one.scan.image), _array(one.rois), patch_px, step, purity):
            hu.append(patch)
            codes.append(drawn_schema.by_value(value).code)
            patients.append(one.patient)
    return PatchSet.of(hu, codes, patients, schema.codes, geneva_source(len(set(patients))), warnings=skipped)


def _array(image: sitk.Image) -> np.ndarray:
    return sitk.GetArrayFromImage(to_axial(image))
