"""Whether a lung mask tells the right lung from the left."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images import to_axial
from LungCAD.lungs.body import body_middle

RIGHT, LEFT = 1, 2

EXCHANGED = 0.1
"""The right lung's middle lies so far on the left of the left one's, in parts of the width of both."""

BOTH = 0.25
"""A lung alone has less than this part of it beyond the middle of the body."""

REMEDY = "Mark the patient's right lung 1 and the left 2, or give no mask"


def require_sides(lungs: sitk.Image, ct: sitk.Image) -> None:
    """Check that a mask on the CT's grid has 1 in the patient's right lung, 2 in the left, else 0.

    Raises
    ------
    InputError
        It is empty or holds other values; the sides are exchanged, or both lungs have one value: every number
        of a lung would be wrong.
    """
    mask = sitk.GetArrayFromImage(to_axial(lungs))
    strange = np.unique(mask[(mask != 0) & (mask != RIGHT) & (mask != LEFT)]).tolist()
    if strange:
        listed = ", ".join(f"{value:g}" for value in strange[:5]) + (" ..." if len(strange) > 5 else "")
        raise InputError("lung mask", f"holds the values {listed}", REMEDY)
    if not mask.any():
        raise InputError("lung mask", "is empty", "Give a mask of the lungs, or none")
    columns = np.arange(mask.shape[2])
    right, left = ((mask == side).sum((0, 1)) for side in (RIGHT, LEFT))
    if right.any() and left.any():
        beyond = np.average(columns, weights=right) - np.average(columns, weights=left)
        if beyond > EXCHANGED * np.ptp(columns[right + left > 0]):
            raise InputError("lung mask", "has the right and the left lung exchanged", REMEDY)
    elif (alone := right + left).any():
        middle = body_middle(sitk.GetArrayFromImage(to_axial(ct)))
        share = alone[columns > middle].sum() / alone.sum()
        if BOTH < share < 1 - BOTH:
            raise InputError("lung mask", "has one value for both lungs", REMEDY)
