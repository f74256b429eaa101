"""The phantom's aspergillosis painted into the CT of a patient: real anatomy and noise, known signs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from LungCAD.images.geometry import image_like, spacing_zyx
from LungCAD.labels import load_schema
from LungCAD.phantom.aspergillosis import costal_surface, draw_ticks, place_lesions
from LungCAD.phantom.aspergillosis_study import CONTROLS, SCHEMA, AspergillosisStudy, regions_of
from LungCAD.phantom.disease import TEXTURES, paint_disease, true_labels
from LungCAD.phantom.distractors import DISTRACTORS
from LungCAD.phantom.lesions import LungSpace
from LungCAD.phantom.real_scan import BLUR_MM, DENOISE_MM, axial_lungs

BONE_HU, BONE_SMOOTH_MM = 170.0, 1.3
"""Of a real scan, whose noise is not taken for bone."""


def paint_aspergillosis(
    ct: sitk.Image,
    lungs: sitk.Image,
    seed: int = 0,
    studies: int = 1,
    uniform: bool = False,
    thickness: float | None = None,
) -> Iterator[AspergillosisStudy]:
    """Yield studies of one patient, each with disease of its own, or none; same arguments, same studies.

    The truth is what is painted: signs that the patient has count as absent, so choose a scan without any.
    What resembles signs is painted as well, as in `make_aspergillosis`.

    Parameters
    ----------
    ct : HU, any orientation. lungs : nonzero in the lungs, same geometry.
    seed, studies, uniform : as of `AspergillosisParameters`.
    thickness : of a slice in mm; the spacing along z where None.

    Raises
    ------
    InputError
        The mask is empty or lies on another grid.
    """
    axial, mask = axial_lungs(ct, lungs)
    hu, spacing = sitk.GetArrayFromImage(axial), spacing_zyx(axial)
    space = LungSpace.of(mask, spacing)
    smooth = ndimage.gaussian_filter(hu.astype(np.float32), BONE_SMOOTH_MM / np.array(spacing))
    regions, costal = regions_of(space), costal_surface(space, smooth > BONE_HU)
    voxel_ml = float(np.prod(spacing)) / 1000
    values = {label.code: label.value for label in load_schema(SCHEMA).labels}
    textures = {**TEXTURES, **DISTRACTORS}
    scan = {"thickness": thickness, "blur": BLUR_MM, "denoise": DENOISE_MM, "textures": textures}
    for rng in np.random.default_rng([seed, 19]).spawn(studies):
        ticks = draw_ticks(rng, disease=rng.random() >= CONTROLS, uniform=uniform)
        sheet = place_lesions(space, regions, costal, ticks, voxel_ml, rng, uniform)
        painted = paint_disease(hu, space, sheet.lesions, spacing, rng, **scan)
        labels = true_labels(space, [lesion for lesion in sheet.lesions if lesion.code in values], values)
        arrays = (np.clip(np.rint(painted), -1024, 32767).astype(np.int16), labels, mask.astype(np.uint8))
        yield AspergillosisStudy(*(image_like(array, axial) for array in arrays), signs=sheet.signs)
