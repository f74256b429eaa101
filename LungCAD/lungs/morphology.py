"""Morphology in millimetres on boolean (z, y, x) arrays of any spacing.

Balls are measured with Euclidean distance maps, so that a radius means the same in thin and thick slices: a
ball smaller than the slice distance is a disc. Nothing is known beyond the array's border, therefore
erosion does not start there: lungs that the scan cuts off keep their full width at the cut.
"""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

Spacing = tuple[float, float, float]
"""Distance of neighbouring voxels in mm, in array order (z, y, x)."""

Mask = NDArray[np.bool_]

IN_PLANE = np.zeros((3, 3, 3), bool)
IN_PLANE[1] = ndimage.generate_binary_structure(2, 1)
"""Structure that joins voxels of the same axial slice only."""


def distance_to(mask: Mask, spacing: Spacing) -> NDArray[np.float32]:
    """Distance in mm from every voxel to the nearest true voxel; infinite where there is none."""
    if not mask.any():
        return np.full(mask.shape, np.inf, np.float32)
    image = sitk.GetImageFromArray(mask.view(np.uint8))
    image.SetSpacing(spacing[::-1])
    signed = sitk.SignedMaurerDistanceMap(image, squaredDistance=False, useImageSpacing=True)
    return np.where(mask, np.float32(0), np.maximum(sitk.GetArrayViewFromImage(signed), 0))


def dilate(mask: Mask, radius: float, spacing: Spacing) -> Mask:
    """Voxels within `radius` mm of the mask."""
    return distance_to(mask, spacing) <= radius


def erode(mask: Mask, radius: float, spacing: Spacing) -> Mask:
    """Voxels of the mask farther than `radius` mm from everything outside it."""
    return distance_to(~mask, spacing) > radius


def opening(mask: Mask, radius: float, spacing: Spacing) -> Mask:
    """The part of the mask that a ball of `radius` mm can sweep."""
    return dilate(erode(mask, radius, spacing), radius, spacing) & mask


def closing(mask: Mask, radius: float, spacing: Spacing) -> Mask:
    """The mask and every gap that a ball of `radius` mm outside it cannot reach."""
    return erode(dilate(mask, radius, spacing), radius, spacing) | mask


def components(mask: Mask, structure: NDArray | None = None) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Labels 1..n of the connected parts, and the number of voxels of each (index 0: background)."""
    labels, count = ndimage.label(mask, structure)
    return labels, np.bincount(labels.ravel(), minlength=count + 1)


def largest(mask: Mask) -> Mask:
    """The largest connected part."""
    labels, sizes = components(mask)
    return labels == (1 + int(np.argmax(sizes[1:]))) if sizes.size > 1 else mask


def nearest_side(lungs: NDArray[np.uint8], spacing: Spacing) -> NDArray[np.uint8]:
    """1 where the right lung (1) is the nearer one, 2 where the left (2) is."""
    nearer_right = distance_to(lungs == 1, spacing) <= distance_to(lungs == 2, spacing)
    return np.where(nearer_right, 1, 2).astype(np.uint8)


def box_around(mask: Mask, margin: float, spacing: Spacing) -> tuple[slice, slice, slice]:
    """Index box of the mask, `margin` mm wider on each side where the array allows; all of it if empty."""
    if not mask.any():
        return tuple(slice(0, size) for size in mask.shape)
    box = ndimage.find_objects(mask.view(np.uint8))[0]
    grown = []
    for span, step, size in zip(box, spacing, mask.shape, strict=True):
        extra = int(np.ceil(margin / step))
        grown.append(slice(max(span.start - extra, 0), min(span.stop + extra, size)))
    return tuple(grown)
