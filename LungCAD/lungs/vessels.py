"""Vessels and bronchi inside the lung."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from LungCAD.lungs.airways import walled_gas
from LungCAD.lungs.morphology import IN_PLANE, Mask, Spacing

VESSEL_HU = -600.0
"""Blood, also in part of a voxel, is denser."""

CONTRAST_HU = 200.0
"""By how much a vessel stands out from the lung beside it."""

WIDEST_MM = 5.0
"""Half of the width of a vessel at most: what is wider does not stand out as one."""

SHORTEST_MM = 20.0
"""Diagonal of the box around a vessel with its branches at least: a nodule is shorter."""

WALL_MM = 2.0
"""Thickness of a bronchus' wall."""


def lung_vessels(hu: NDArray, lungs: NDArray[np.uint8], spacing: Spacing) -> Mask:
    """Return where vessels and bronchi with their walls are in the lung, (z, y, x).

    Dense structures that are narrow in the axial slice and long in space, and gas in wide pipes, as of lobar
    bronchi; of smaller ones only the walls. Reticulation is narrow, dense and long as well: what is found is
    no measure of vessels, but good enough to leave out where the tissue between is asked for. On slices far
    apart only vessels in the plane of the slice are long.

    Parameters
    ----------
    hu : (z, y, x) HU, axial slices. lungs : (z, y, x), 0 outside. spacing : mm.
    """
    inside = lungs > 0
    box = ndimage.find_objects(inside.view(np.uint8))
    found = np.zeros(inside.shape, bool)
    if not box:
        return found
    part, within = hu[box[0]].astype(np.float32), inside[box[0]]
    dense = within & (part > VESSEL_HU) & (_standing_out(part, spacing) > CONTRAST_HU)
    air = within & (part < VESSEL_HU)
    reach = max(1, round(WALL_MM / max(spacing[1:])))
    bronchi = ndimage.binary_dilation(walled_gas(part, air, spacing), IN_PLANE, reach)
    found[box[0]] = (_long(dense, spacing) | bronchi) & within
    return found


def _standing_out(hu: NDArray[np.float32], spacing: Spacing) -> NDArray[np.float32]:
    """Return the top-hat of every slice: what is left after opening with a disc."""
    radius = [max(1, round(WIDEST_MM / side)) for side in spacing[:0:-1]]
    planes = (sitk.GetImageFromArray(plane) for plane in hu)
    opened = [sitk.GrayscaleMorphologicalOpening(plane, radius, sitk.sitkBall) for plane in planes]
    return hu - np.stack([sitk.GetArrayViewFromImage(plane) for plane in opened])


def _long(mask: Mask, spacing: Spacing) -> Mask:
    """Return the connected parts with a long box around them."""
    labels, _ = ndimage.label(mask, np.ones((3, 3, 3)))
    keep = [False]
    for span in ndimage.find_objects(labels):
        sides = [(axis.stop - axis.start) * side for axis, side in zip(span, spacing, strict=True)]
        keep.append(float(np.hypot(np.hypot(sides[0], sides[1]), sides[2])) >= SHORTEST_MM)
    return np.array(keep)[labels]
