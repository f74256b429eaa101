"""Patches of synthetic studies, whose every voxel has a known label."""

from __future__ import annotations

from collections.abc import Iterable

import SimpleITK as sitk

from LungCAD.labels import load_schema
from LungCAD.phantom.study import PhantomStudy
from LungCAD.train.patches.cutting import cut_patches
from LungCAD.train.patches.patch_set import PatchSet


def cut_phantoms(
    studies: Iterable[PhantomStudy], schema: str, patch_px: int = 32, step: int = 16, purity: float = 1.0
) -> PatchSet:
    """Return the patches of the studies, each of which counts as a patient; raises as `PatchSet.of`."""
    labels = load_schema(schema)
    hu, codes, patients = [], [], []
    for study in studies:
        ct, truth = (sitk.GetArrayFromImage(image) for image in (study.ct, study.labels))
        for patch, value in cut_patches(ct, truth, patch_px, step, purity):
            hu.append(patch)
            codes.append(labels.by_value(value).code)
            patients.append(study.seed)
    source = f"{len(set(patients))} synthetic studies of LungCAD's phantom"
    return PatchSet.of(hu, codes, patients, labels.codes, source, synthetic=True)
