"""Six zones: the upper, middle and lower third of each lung."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.images.geometry import axial_axis, image_like

ZONES = ("right upper", "right middle", "right lower", "left upper", "left middle", "left lower")
"""Names of the zones 1 to 6."""

THIRDS = 3


def lung_zones(lungs: sitk.Image) -> sitk.Image:
    """Divide each lung into thirds of its height along the patient's long axis.

    A lung on a single slice has no thirds that anybody could tell, and so no zones.

    Parameters
    ----------
    lungs : 3-D label image, 1 right lung, 2 left lung, any orientation.

    Returns
    -------
    uint8 image with the geometry of `lungs`: 0 outside, 1 to 6 as named in `ZONES`.

    Raises
    ------
    InputError
        `lungs` has neither a right nor a left lung.
    """
    labels = sitk.GetArrayViewFromImage(lungs)
    if not np.isin(labels, (1, 2)).any():
        raise InputError("The lung mask", "has no lung (1 right, 2 left)", "Segment the lungs first")
    along = 2 - axial_axis(lungs)
    zones = np.zeros(labels.shape, np.uint8)
    for side in (1, 2):
        lung = np.nonzero(labels == side)
        if np.unique(lung[along]).size > 1:
            zones[lung] = THIRDS * (side - 1) + 1 + _third_from_top(_heights(lungs, lung))
    return image_like(zones, lungs)


def _heights(image: sitk.Image, voxels: tuple[NDArray[np.intp], ...]) -> NDArray[np.float64]:
    """Height of each voxel over the image's first one along the patient's z axis, in mm."""
    along_z = image.GetDirection()[6:9]
    return sum(
        index * (step * cosine)
        for index, step, cosine in zip(voxels[::-1], image.GetSpacing(), along_z, strict=True)
    )


def _third_from_top(heights: NDArray[np.float64]) -> NDArray[np.uint8]:
    depth = heights.max() - heights
    return np.minimum(THIRDS * depth / depth.max(), THIRDS - 1).astype(np.uint8)
