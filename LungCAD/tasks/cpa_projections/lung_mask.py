"""Lung masks for projections, after SAPSAM section 2.1: aerated lung alone, or with what disease made solid.

Unlike `LungCAD.lungs`, these need no anatomy: air that the body encloses, and what lies within a few
millimetres of it. Arrays are (z, y, x) on the projection grid; structuring elements are discs in the slice,
their radii stated in pixels of a 512 x 512 slice as in the paper.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed

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

AIR_HU = -570.0
INTERMEDIATE_PX, EXTERNAL_PX = 10.0, 35.0
SMOOTH_PX = 5.0

SMALLEST_PART = 0.05
"""Of the largest piece of air; smaller pieces are bowel and the like."""

_DISCS: Spacing = (1e4, 1.0, 1.0)  # slices so far apart that balls are discs
_PER_PX = 0.5  # pixels of the grid for each of a 512 x 512 slice


def aerated_mask(hu: NDArray[np.float32]) -> Mask:
    """Return parenchyma and airways: air below -570 HU, closed and opened to a smooth shape.

    hu : (z, y, x) on the projection grid. All false where the body encloses no air.
    """
    return _within_reach(
        _air_in_body(hu), hu, lambda air, _: opening(closing(air, *_disc(SMOOTH_PX)), *_disc(SMOOTH_PX / 2))
    )


def lung_mask(hu: NDArray[np.float32]) -> Mask:
    """Return the lungs with walls, fungus balls and thick pleura that are as dense as soft tissue.

    A watershed on the edges of the slice, from the aerated lung (internal marker) and a ring around it
    (external marker, 10 to 35 pixels away), takes in what no edge parts from the lung. What it leaves out in
    bays and holes is added by a closing, the black top-hat, and by filling holes.

    hu : (z, y, x) on the projection grid. All false where the body encloses no air.
    """
    return _within_reach(
        _air_in_body(hu),
        hu,
        lambda air, cut: _without_holes(closing(_flooded(air, cut), *_disc(INTERMEDIATE_PX))),
    )


def _within_reach(
    air: Mask, hu: NDArray[np.float32], segment: Callable[[Mask, NDArray[np.float32]], Mask]
) -> Mask:
    """Segment in the box that markers can reach, with a border in the slice that nothing touches."""
    lung = np.zeros_like(air)
    if air.any():
        margins = (0, _px(EXTERNAL_PX), _px(EXTERNAL_PX))
        found = ndimage.find_objects(air.astype(np.uint8))[0]
        box = tuple(_grown(along, int(margin)) for along, margin in zip(found, margins, strict=True))
        lung[box] = segment(air[box], hu[box])
    return lung


def _air_in_body(hu: NDArray[np.float32]) -> Mask:
    """Return air that does not reach the picture's sides, without the small pieces."""
    labels, sizes = components(hu < AIR_HU)
    sizes[0] = 0
    for axis in (1, 2):
        for end in (0, -1):
            sizes[np.unique(np.take(labels, end, axis))] = 0
    if not sizes.any():
        return np.zeros(hu.shape, bool)
    return (sizes >= SMALLEST_PART * sizes.max())[labels] & (sizes > 0)[labels]


def _flooded(internal: Mask, hu: NDArray[np.float32]) -> Mask:
    """Return the basin of the aerated lung in the gradient of the slice."""
    away = distance_to(internal, _DISCS)
    near = away <= _px(INTERMEDIATE_PX)
    ring = ~near & (away <= _px(EXTERNAL_PX))
    edges = np.hypot(ndimage.sobel(hu, 1), ndimage.sobel(hu, 2))
    shore = dilate(near & ~internal, 1.0, _DISCS)  # markers away from what is to be decided need no flooding
    markers = np.where(internal, 1, np.where(ring, 2, 0)) * shore
    return internal | (watershed(edges, markers, connectivity=IN_PLANE, mask=shore) == 1)


def _without_holes(lung: Mask) -> Mask:
    """Fill what a slice's lung encloses, except what is as large as the mediastinum."""
    labels, sizes = components(~lung, IN_PLANE)
    hole = sizes <= np.pi * _px(EXTERNAL_PX) ** 2
    for axis in (1, 2):
        for end in (0, -1):
            hole[np.unique(np.take(labels, end, axis))] = False
    hole[0] = False
    return lung | hole[labels]


def _disc(published: float) -> tuple[float, Spacing]:
    return _px(published), _DISCS


def _px(published: float) -> float:
    return published * _PER_PX


def _grown(found: slice, margin: int) -> slice:
    return slice(max(found.start - margin, 0), found.stop + margin)
