"""The lung field of a chest CT in 3-D, after SAPSAM (Zusag et al.), section 2.1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.images.geometry import from_axial, image_like, spacing_zyx, to_axial
from LungCAD.lungs.airways import airways, part_lungs, trachea_column, walled_gas
from LungCAD.lungs.body import body_middle
from LungCAD.lungs.cores import lung_cores
from LungCAD.lungs.cut import air_of_chest, beyond_field
from LungCAD.lungs.morphology import box_around, dilate
from LungCAD.lungs.pleura import whole_lungs
from LungCAD.lungs.refine import refine
from LungCAD.progress import Progress, part, silent

SUBJECT = "The CT"
PADDING_HU = -1024
CEILING_HU = 3071


@dataclass(frozen=True)
class LungFieldParameters:
    """What may be tuned. The paper's pixels are about 0.7 mm wide.

    Attributes
    ----------
    air_hu : voxels below are aerated lung, HU (SAPSAM: -570).
    intermediate_mm : how far beyond the aerated lung the watershed may carry the border (SAPSAM: 10 pixels).
    external_mm : outer radius of the ring that stands for the outside (SAPSAM: 35 pixels).
    closing_mm : radius of the closing whose top-hat is added.
    wall_mm : thickness of the airway wall that is taken out with the lumen.
    grid_mm : voxel size of the reduced grid on which the lungs are found before their border is refined.
    """

    air_hu: float = -570.0
    intermediate_mm: float = 7.0
    external_mm: float = 25.0
    closing_mm: float = 7.0
    wall_mm: float = 2.0
    grid_mm: float = 2.0


def segment_lungs(
    ct: sitk.Image, parameters: LungFieldParameters | None = None, progress: Progress = silent
) -> sitk.Image:
    """Return the lungs of a chest CT: 0 outside, 1 right lung, 2 left lung of the patient.

    Trachea and main bronchi are left out; vessels and disease inside the lungs are left in, also disease as
    dense as the chest wall it touches, as far as the shape of the lungs tells it.

    Parameters
    ----------
    ct : 3-D scalar image in HU, any orientation; one slice has size 1 along one axis.
    parameters : defaults to ``LungFieldParameters()``.
    progress : called as ``progress(fraction, message)``.

    Returns
    -------
    uint8 image with the geometry of `ct`.

    Raises
    ------
    InputError
        `ct` is not a 3-D scalar image, has values that are not finite or not HU, or no lung is in view.

    Examples
    --------
    >>> lungs = segment_lungs(sitk.ReadImage("chest.nii.gz"))
    """
    parameters = parameters or LungFieldParameters()
    progress(0.0, "Looking for the lungs")
    _check(ct)
    axial = to_axial(ct)
    lungs = from_axial(image_like(_segment_axial(axial, parameters, progress), axial), ct)
    progress(1.0, "Lungs found")
    return lungs


def _segment_axial(
    axial: sitk.Image, parameters: LungFieldParameters, progress: Progress
) -> NDArray[np.uint8]:
    clamped = sitk.Clamp(axial, sitk.sitkInt16, PADDING_HU, CEILING_HU)
    grid = _reduced(clamped, parameters.grid_mm)
    hu, spacing = sitk.GetArrayFromImage(grid), spacing_zyx(grid)
    progress(0.1, "Looking for air in the body")
    air, cut = air_of_chest(hu, parameters.air_hu, spacing)
    beyond = beyond_field(hu) if cut.any() else cut
    box = box_around(air, parameters.external_mm, spacing)
    middle = body_middle(hu) - box[2].start
    hu, air, beyond = hu[box], air[box], beyond[box]
    progress(0.2, "Telling the lungs from other air")
    gas = walled_gas(hu, air, spacing)
    if cut.any():  # the picture may show more of one side than of the other
        middle = trachea_column(gas, spacing) or middle
    cores = lung_cores(hu, air & ~gas, middle, spacing)
    if not cores.any():
        raise InputError(SUBJECT, "shows no aerated lung", "Give a chest CT in HU with air in the lungs")
    progress(0.35, "Parting lungs and airways")
    forbidden = dilate(airways(gas, air, cores, spacing), parameters.wall_mm, spacing) | beyond
    cores[forbidden] = 0
    aerated = part_lungs(hu, air & ~forbidden, cores)
    progress(0.45, "Taking in vessels and dense disease")
    lungs = whole_lungs(
        hu,
        aerated,
        forbidden,
        spacing,
        parameters.intermediate_mm,
        parameters.external_mm,
        parameters.closing_mm,
    )
    refined = refine(clamped, grid[box[::-1]], lungs, aerated > 0, forbidden, part(progress, 0.6, 1.0))
    if beyond.any():
        refined[beyond_field(sitk.GetArrayViewFromImage(clamped))] = 0
    return refined


def _check(ct: sitk.Image) -> None:
    if ct.GetDimension() != 3 or ct.GetNumberOfComponentsPerPixel() != 1:
        raise InputError(SUBJECT, "is not a volume of single values", "Give a 3-D image in HU")
    values = sitk.GetArrayViewFromImage(ct)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise InputError(SUBJECT, "has values that are not finite (NaN or infinity)", "Export it again")
    if values.min() >= 0:
        raise InputError(
            SUBJECT,
            "has no negative values, so it is not in HU",
            "Apply the rescale slope and intercept first",
        )


def _reduced(ct: sitk.Image, grid_mm: float) -> sitk.Image:
    """Means over blocks of about `grid_mm`, float32; axes that are coarser already stay as they are."""
    factors = [max(1, round(grid_mm / step)) for step in ct.GetSpacing()]
    factors = [min(factor, size) for factor, size in zip(factors, ct.GetSize(), strict=True)]
    return sitk.Cast(sitk.BinShrink(ct, factors), sitk.sitkFloat32)
