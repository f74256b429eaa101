"""The phantom's disease painted into the CT of a patient: real anatomy and noise, known truth."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.images.geometry import from_axial, image_like, same_geometry, spacing_zyx, to_axial
from LungCAD.labels import load_schema
from LungCAD.phantom.disease import paint_disease, paint_sham, true_labels
from LungCAD.phantom.lesions import LungSpace
from LungCAD.phantom.study import plan_disease, require_paintable

DENOISE_MM = 0.8
BLUR_MM = 0.5


def paint_scan(
    ct: sitk.Image,
    lungs: sitk.Image,
    schema: str = "gao5",
    seed: int = 0,
    sham: bool = False,
    population: bool = False,
    mimics: bool = False,
    thickness: float | None = None,
) -> tuple[sitk.Image, sitk.Image]:
    """Paint disease into a real CT.

    The truth holds for what is painted: disease that the patient has is labelled healthy, so choose slices
    without any, or leave it out of `lungs`.

    Parameters
    ----------
    ct : HU, any orientation. lungs : nonzero in the lungs, same geometry.
    schema : label schema whose classes to paint. seed : of what is painted.
    sham : paint healthy parenchyma through the lesions instead; all labels are healthy.
    population : disease as in one of many patients, from none to much.
    mimics : some of a population also have what only resembles a disease (`MIMICS`).
    thickness : of a slice in mm; the spacing along z where None.

    Returns
    -------
    The painted CT (int16 HU) and its labels (uint8, values of the schema, 0 outside the lungs and in mimics),
    on its grid.

    Raises
    ------
    InputError
        The mask is empty or lies on another grid; the schema has a class without a texture, there are mimics
        without a population, or the seed is negative.
    """
    require_paintable(schema, seed, population, mimics)
    axial, mask = axial_lungs(ct, lungs)
    hu, spacing, names = sitk.GetArrayFromImage(axial), spacing_zyx(axial), load_schema(schema)
    space = LungSpace.of(mask, spacing)
    plan_rng, paint_rng = np.random.default_rng([seed, 13]).spawn(2)
    lesions = plan_disease(space, names.codes, plan_rng, population=population, mimics=mimics)
    paint = paint_sham if sham else paint_disease
    scan = {"thickness": thickness, "blur": BLUR_MM, "denoise": DENOISE_MM}
    painted = paint(hu, space, lesions, spacing, paint_rng, **scan)
    labels = true_labels(space, [] if sham else lesions, {label.code: label.value for label in names.labels})
    arrays = (np.clip(np.rint(painted), -1024, 32767).astype(np.int16), labels)
    painted_ct, truth = (from_axial(image_like(array, axial), ct) for array in arrays)
    return painted_ct, truth


def axial_lungs(ct: sitk.Image, lungs: sitk.Image) -> tuple[sitk.Image, NDArray]:
    """Return a CT and the array (z, y, x) of its lungs, both axial; InputError for another mask."""
    if not same_geometry(ct, lungs):
        raise InputError("lungs", "the mask has another geometry than the CT", "Segment the lungs of this CT")
    mask = sitk.GetArrayFromImage(to_axial(lungs))
    if not mask.any():
        raise InputError("lungs", "the mask is empty", "Segment the lungs first")
    return to_axial(ct), mask
