"""Lung masks for projections, after SAPSAM section 2.1: aerated lung alone, or with what disease made solid.

Unlike `LungCAD.lungs`, these need no anatomy: air that the body encloses, and what lies within a few
millimetres of it. Arrays are (z, y, x) on the projection grid. Structuring elements are discs in the slice,
their radii in pixels of a 512 x 512 slice as published, whatever the grid's own size.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed

from LungCAD.lungs.body import TISSUE_HU, air_in_body
from LungCAD.lungs.morphology import (
    IN_PLANE,
    Mask,
    Spacing,
    closing,
    components,
    dilate,
    distance_to,
    opening,
)
from LungCAD.tasks.cpa_projections.rind import pleural_rind

AIR_HU = -570.0
INTERMEDIATE_PX, EXTERNAL_PX = 10.0, 35.0
CLOSED_PX, OPENED_PX = 5.0, 2.5
"""Radii that smooth the aerated lung; the paper states none."""

SMALLEST_PART = 0.05
"""Of the largest piece of air; smaller pieces are bowel and the like, unless lung lies below them."""

LEAST_PART = 0.02
"""Of what is denser than air: if there is less air, it is in the bowel, and the lungs reach the sides."""

SLICES_APART = 4
"""Of those in which the body is told from the table."""

SMALLEST_PX = 12.0
"""Cube root of the volume of the smallest cavity whose wall parts it from the lung's air."""

PUBLISHED_SIZE = (432, 512, 512)
"""Voxels along z, y, x of the scans that the radii are meant for."""

_FAR_PX = 1e4  # between slices, so that balls are discs


def aerated_mask(hu: NDArray[np.float32]) -> Mask:
    """Return parenchyma and airways: air below -570 HU, closed and opened to a smooth shape.

    hu : (z, y, x) on the projection grid. All false where the body encloses no air, or hardly any.
    """
    air, pixels = _air_in_body(hu), _pixels(hu.shape)
    box = _reach(air)
    lung = np.zeros_like(air)
    lung[box] = opening(closing(air[box], CLOSED_PX, pixels), OPENED_PX, pixels)
    return lung


def lung_mask(hu: NDArray[np.float32]) -> Mask:
    """Return the lungs with walls, fungus balls and thick pleura that are as dense as soft tissue.

    A watershed on the edges of the slice, from the aerated lung (internal marker) and a ring around it
    (external marker, 10 to 35 pixels away), takes in what no edge parts from the lung. What it leaves out in
    bays and holes is added by a closing, the black top-hat, and by filling holes. Two departures, without
    which most of the signs' voxels were left out: cavities count as lung although a wall parts them from its
    air, and so does thick pleura (`pleural_rind`).

    hu : (z, y, x) on the projection grid. All false where the body encloses no air, or hardly any.
    """
    air, pixels = _air_in_body(hu), _pixels(hu.shape)
    box = _reach(air)
    lung = np.zeros_like(air)
    lung[box] = _without_holes(closing(_flooded(air[box], hu[box], pixels), INTERMEDIATE_PX, pixels), pixels)
    return lung | pleural_rind(lung, hu, _voxel(hu.shape))


def _air_in_body(hu: NDArray[np.float32]) -> Mask:
    """Return air that does not reach the picture's sides: large pieces, and cavities that a wall closes."""
    labels, sizes = components(hu < AIR_HU)
    sizes[_at_sides(labels)] = 0
    sizes[~_within_body(labels, hu)] = 0  # foam in the table
    large = (sizes > 0) & (sizes >= SMALLEST_PART * sizes.max())
    if sizes[large].sum() < LEAST_PART * np.count_nonzero(hu > TISSUE_HU):
        return np.zeros_like(hu, bool)
    over_lung = np.maximum.accumulate(large[labels], axis=0)  # z ascends; no lung lies below bowel
    covered = np.bincount(labels[over_lung], minlength=len(sizes)) > sizes / 2
    cavity = covered & (sizes * np.prod(_voxel(hu.shape)) >= SMALLEST_PX**3)
    return (large | cavity)[labels]


def _within_body(labels: NDArray[np.int32], hu: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which pieces of air the body encloses, by most of some of their slices: all take seconds."""
    some = slice(None, None, SLICES_APART)
    depth, *pixel = _voxel(hu.shape)
    enclosed = labels[some][air_in_body(hu[some], AIR_HU, (SLICES_APART * depth, *pixel))]
    inside, everywhere = (
        np.bincount(each.ravel(), minlength=labels.max() + 1) for each in (enclosed, labels[some])
    )
    return 2 * inside >= everywhere  # what lies between the slices is too small for lungs


def _flooded(internal: Mask, hu: NDArray[np.float32], pixels: Spacing) -> Mask:
    """Return the basin of the aerated lung in the gradient of the slice."""
    away = distance_to(internal, pixels)
    near = away <= INTERMEDIATE_PX
    edges = np.hypot(ndimage.sobel(hu, 1), ndimage.sobel(hu, 2))
    shore = dilate(near & ~internal, max(pixels[1:]), pixels)  # markers far from what is open need no flood
    markers = np.where(internal, 1, np.where(near | (away > EXTERNAL_PX), 0, 2)) * shore
    return internal | (watershed(edges, markers, connectivity=IN_PLANE, mask=shore) == 1)


def _without_holes(lung: Mask, pixels: Spacing) -> Mask:
    """Fill what a slice's lung encloses, except what is as large as the mediastinum."""
    labels, sizes = components(~lung, IN_PLANE)
    hole = sizes * pixels[1] * pixels[2] <= np.pi * EXTERNAL_PX**2
    hole[_at_sides(labels)] = False
    return lung | hole[labels]


def _at_sides(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the labels at the four sides of the slices, and 0."""
    sides = [np.take(labels, end, axis).ravel() for axis in (1, 2) for end in (0, -1)]
    return np.unique(np.concatenate([*sides, [0]]))


def _voxel(shape: tuple[int, ...]) -> Spacing:
    """Return the distances of voxels in pixels of the published grid, which are as long along z."""
    depth, height, width = (length / own for length, own in zip(PUBLISHED_SIZE, shape, strict=True))
    return depth, height, width


def _pixels(shape: tuple[int, ...]) -> Spacing:
    """Return the distances of voxels in a slice as `_voxel` does; no distance reaches the next slice."""
    return _FAR_PX, *_voxel(shape)[1:]


def _reach(air: Mask) -> tuple[slice, ...]:
    """Return the box that markers around the air can reach; an empty one where there is no air."""
    found = ndimage.find_objects(air.astype(np.uint8))
    if not found:
        return (slice(0),) * 3
    margins = (0, *(int(EXTERNAL_PX / pixel) + 1 for pixel in _pixels(air.shape)[1:]))
    return tuple(slice(max(s.start - m, 0), s.stop + m) for s, m in zip(found[0], margins, strict=True))
