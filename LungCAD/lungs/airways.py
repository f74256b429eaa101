"""Trachea and main bronchi, and the split of the air between lungs and airways."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed

from LungCAD.lungs.cores import LEFT, RIGHT
from LungCAD.lungs.morphology import IN_PLANE, Mask, Spacing, components, dilate, opening

ROOM_AIR_HU = -1000.0

SMOOTHING_MM = 1.0
"""Standard deviation of the in-plane smoothing against noise in the lumen."""

LUMEN_MM = 2.0
"""Radius of a ball that fits into a main bronchus."""

RIM_VOXELS = 1.5
"""Between lumen and wall, voxels hold both and look like lung."""

WALL_MM = 5.0
WALL_HU = -700.0
WALLED = 0.8
"""A cross-section is an airway's if this share of its rim has tissue denser than lung beside it."""

LARGEST_CM2 = 12.0
"""Cross-section of an airway at most: the carina, cut along a main bronchus."""

TALL_MM = 40.0
"""The trachea is taller; bowel and cavities seldom are."""

BRANCH_MM = 20.0
"""Gas farther than this from the trachea, the tallest part, is none of its branches."""


def walled_gas(hu: NDArray[np.float32], air: Mask, spacing: Spacing) -> Mask:
    """Return gas in pipes: airways, but also cavities and small bowel.

    Parameters
    ----------
    hu : (z, y, x) float32, HU.
    air : (z, y, x), aerated voxels inside the body.
    spacing : mm.
    """
    if not air.any():
        return air
    empty_hu = (ROOM_AIR_HU + float(np.median(hu[air]))) / 2
    smooth = ndimage.gaussian_filter(hu, (0, SMOOTHING_MM / spacing[1], SMOOTHING_MM / spacing[2]))
    lumen = _walled(hu, opening(air & (smooth < empty_hu), LUMEN_MM, spacing), spacing)
    return air & dilate(lumen, RIM_VOXELS * max(spacing[1:]), spacing)


def trachea_column(gas: Mask, spacing: Spacing) -> float | None:
    """Return the column of the trachea: the upper half of the tallest gas in a pipe; None where none is tall.

    gas : (z, y, x), as `walled_gas` returns it; z grows upwards.
    """
    labels, _ = components(gas)
    parts = ndimage.find_objects(labels)
    heights = [(part[0].stop - part[0].start) * spacing[0] for part in parts]
    if not heights or max(heights) < TALL_MM:
        return None
    trunk = int(np.argmax(heights))
    part = parts[trunk]
    upper = slice((part[0].start + part[0].stop) // 2, part[0].stop)
    return float(np.nonzero(labels[upper] == trunk + 1)[2].mean())


def airways(gas: Mask, air: Mask, cores: NDArray[np.uint8], spacing: Spacing) -> Mask:
    """Return the part of the walled gas that is trachea and main bronchi: what lies between the lungs.

    Parameters
    ----------
    gas : (z, y, x), as `walled_gas` returns it; z grows upwards, x to the patient's left.
    air : (z, y, x), aerated voxels inside the body.
    cores : (z, y, x), 1 and 2 where the right and the left lung surely are.
    spacing : mm.

    Lobar and smaller bronchi stay with their lung.
    """
    between = _medial(cores) & (cores == 0)
    medial = gas & between
    labels, sizes = components(medial)
    heights = [part[0].stop - part[0].start for part in ndimage.find_objects(labels)]
    if not heights:
        return medial
    trunk = max(range(1, sizes.size), key=lambda name: (heights[name - 1], sizes[name]))
    near = np.unique(labels[medial & dilate(labels == trunk, BRANCH_MM, spacing)])
    tree = medial & np.isin(labels, near)
    branches = _alone(air, cores, spacing) & between & dilate(tree, BRANCH_MM, spacing)
    labels, _ = components(tree | branches)
    return np.isin(labels, np.unique(labels[tree]))


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


def _alone(air: Mask, cores: NDArray[np.uint8], spacing: Spacing) -> Mask:
    """Small axial cross-sections of air in which no lung has its core."""
    labels, sizes = components(air, IN_PLANE)
    keep = sizes * spacing[1] * spacing[2] / 100 <= LARGEST_CM2
    keep[labels[cores > 0]] = False
    keep[0] = False
    return keep[labels]


def _walled(hu: NDArray[np.float32], empty: Mask, spacing: Spacing) -> Mask:
    """Axial cross-sections that are small and have a wall."""
    labels, sizes = components(empty, IN_PLANE)
    reach = max(2, round(WALL_MM / max(spacing[1:])))
    near_wall = ndimage.binary_dilation(hu > WALL_HU, IN_PLANE, reach)
    rim = empty & ~ndimage.binary_erosion(empty, IN_PLANE)
    rim_length = np.bincount(labels[rim], minlength=sizes.size)
    at_wall = np.bincount(labels[rim & near_wall], minlength=sizes.size)
    keep = at_wall >= WALLED * rim_length
    keep &= sizes * spacing[1] * spacing[2] / 100 <= LARGEST_CM2
    keep[0] = False
    return keep[labels]
