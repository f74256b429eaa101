"""Trachea and main bronchi, and the split of the air between lungs and airways."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import watershed

from LungCAD.lungs.cores import GAS_HU, LEFT, RIGHT
from LungCAD.lungs.morphology import Mask, Spacing, components, dilate, opening

ROOM_AIR_HU = -1000.0

LUMEN_MM = 3.0
"""Radius of a ball that fits into a main bronchus."""

RIM_VOXELS = 1.5
"""Between lumen and wall, voxels hold both and look like lung."""

LESSER_PART = 0.1
"""Lumen that comes in a part smaller than this share of the largest is lung that looks empty."""


def airways(hu: NDArray[np.float32], air: Mask, cores: NDArray[np.uint8], spacing: Spacing) -> Mask:
    """Return trachea and main bronchi, and whatever other gas lies between the lungs or below them.

    Parameters
    ----------
    hu : (z, y, x) float32, HU; z grows upwards, x to the patient's left.
    air : (z, y, x), aerated voxels inside the body.
    cores : (z, y, x), 1 and 2 where the right and the left lung surely are.
    spacing : mm.

    Lobar and smaller bronchi stay with their lung: only what lies medial of the cores is looked at.
    """
    empty_hu = min(GAS_HU, (ROOM_AIR_HU + float(np.median(hu[cores > 0]))) / 2)
    labels, sizes = components(opening(air & _medial(cores) & (hu < empty_hu), LUMEN_MM, spacing))
    sizes[0] = 0
    lumen = (sizes > LESSER_PART * sizes.max())[labels]
    return air & (cores == 0) & dilate(lumen, RIM_VOXELS * max(spacing[1:]), spacing)


def part_lungs(hu: NDArray[np.float32], air: Mask, cores: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return 1 in the aerated right and 2 in the aerated left lung, grown from the cores.

    Lungs that touch are parted along the ridge of the attenuation: the pleurae of the anterior junction are
    denser than what they part. Air that no core reaches belongs to neither.
    """
    return watershed(hu, cores.astype(np.int32), connectivity=np.ones((3, 3, 3)), mask=air).astype(np.uint8)


def _medial(cores: NDArray[np.uint8]) -> Mask:
    """Voxels that no core has on their medial side or around them.

    Above the cores, in apices and neck, the limits of the slices below hold on.
    """
    columns = np.arange(cores.shape[2])
    right_end = np.where(cores == RIGHT, columns, -1).max(axis=2)
    left_begin = np.where(cores == LEFT, columns, columns.size).min(axis=2)
    for z in range(1, cores.shape[0]):
        right_end[z] = np.where(right_end[z] < 0, right_end[z - 1], right_end[z])
        left_begin[z] = np.where(left_begin[z] == columns.size, left_begin[z - 1], left_begin[z])
    return (columns > right_end[..., None]) & (columns < left_begin[..., None])
