"""From the air of a lung to the whole lung: vessels, and disease as dense as the chest wall."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.morphology import convex_hull_image
from skimage.segmentation import watershed

from LungCAD.lungs.cores import LEFT, RIGHT
from LungCAD.lungs.morphology import Mask, Spacing, closing, distance_to, opening, part_means

OUTSIDE = 3

LUNG_FLOOR_HU, SOFT_HU = -1000.0, 150.0
"""Edges are looked for between these; ribs and enhanced vessels above the second are never disease."""

BRIDGE_MM = 30.0
"""Dense tissue with lung this near above and below it belongs to the lung: diaphragm and heart have not."""

COSTAL = {RIGHT: np.array([0.45, -0.9]), LEFT: np.array([0.45, 0.9])}
"""Direction (y, x) from the middle of a lung to its ribs: lateral and somewhat backwards."""

COSTAL_COSINE = 0.2

FILM_MM = 3.0
"""Pockets thinner than twice this are the space between ribs."""


def whole_lungs(
    hu: NDArray[np.float32],
    aerated: NDArray[np.uint8],
    forbidden: Mask,
    spacing: Spacing,
    intermediate_mm: float,
    external_mm: float,
    closing_mm: float,
) -> NDArray[np.uint8]:
    """Return 1 in the right and 2 in the left lung, with everything dense inside them.

    After SAPSAM 2.1. A watershed of the Sobel edges between internal markers (the aerated lungs) and
    external ones carries the border to the steepest edge within the intermediate distance and so takes in
    ground glass and fibrosis. The top-hat of a closing takes in vessels and nodules. Consolidation and
    masses, which no edge parts from the chest wall, are taken from the lung's convex hull.

    Parameters
    ----------
    hu : (z, y, x) float32, HU.
    aerated : (z, y, x), 1 and 2 in the aerated right and left lung.
    forbidden : (z, y, x), trachea and main bronchi with their walls.
    spacing : mm.
    intermediate_mm, external_mm, closing_mm : radii of the two marker dilations and of the closing.
    """
    lungs = _up_to_the_edge(hu, aerated, forbidden, spacing, intermediate_mm, external_mm)
    free = ~forbidden & (hu < SOFT_HU)
    for side in (RIGHT, LEFT):
        lung = lungs == side
        if not lung.any():
            continue
        lung |= closing(lung, closing_mm, spacing) & free & (lungs == 0)
        lung |= _pockets(lung, free & (lungs == 0), side, spacing)
        lung = ndimage.binary_fill_holes(lung) & ~forbidden
        lungs[lung & (lungs == 0)] = side
    return lungs


def _up_to_the_edge(
    hu: NDArray[np.float32],
    aerated: NDArray[np.uint8],
    forbidden: Mask,
    spacing: Spacing,
    intermediate_mm: float,
    external_mm: float,
) -> NDArray[np.uint8]:
    distance = distance_to(aerated > 0, spacing)
    markers = aerated.astype(np.int32)
    markers[(distance > intermediate_mm) | forbidden] = OUTSIDE
    found = watershed(_sobel(hu, spacing), markers, mask=distance <= external_mm)
    return np.where(found == OUTSIDE, 0, found).astype(np.uint8)


def _sobel(hu: NDArray[np.float32], spacing: Spacing) -> NDArray[np.float32]:
    clipped = np.clip(hu, LUNG_FLOOR_HU, SOFT_HU)
    squares = sum((ndimage.sobel(clipped, axis) / step) ** 2 for axis, step in enumerate(spacing))
    return np.sqrt(squares)


def _pockets(lung: Mask, free: Mask, side: int, spacing: Spacing) -> Mask:
    """Parts of the axial convex hulls that cannot be mediastinum, heart or diaphragm.

    They open towards the ribs, or have lung above and below.
    """
    hulls, costal = np.zeros_like(lung), np.zeros_like(lung)
    for z in np.flatnonzero(lung.any((1, 2))):
        if np.ptp(np.argwhere(lung[z]), axis=0).min() > 1:
            hulls[z] = convex_hull_image(lung[z], offset_coordinates=False)
            costal[z] = _open_to_the_ribs(hulls[z], lung[z], side)
    return opening(hulls & (costal | _bridged(lung, spacing)) & free & ~lung, FILM_MM, spacing)


def _open_to_the_ribs(hull: Mask, lung: Mask, side: int) -> Mask:
    """Parts of one slice's hull beside the lung that meet the hull's edge mostly on its costal side."""
    labels, count = ndimage.label(hull & ~lung)
    rows, columns = np.nonzero((labels > 0) & ~ndimage.binary_erosion(hull))
    centre = np.argwhere(hull).mean(0)
    outwards = np.stack([rows, columns], axis=1) - centre
    towards_ribs = outwards @ COSTAL[side] > COSTAL_COSINE * np.hypot(*outwards.T)
    share = part_means(towards_ribs, labels[rows, columns], count)
    return (share > 0.5)[labels] & (labels > 0)


def _bridged(lung: Mask, spacing: Spacing) -> Mask:
    """Voxels with lung within `BRIDGE_MM` both above and below."""
    return _lung_before(lung, spacing) & _lung_before(lung[::-1], spacing)[::-1]


def _lung_before(lung: Mask, spacing: Spacing) -> Mask:
    slices = np.arange(lung.shape[0])[:, None, None]
    last = np.maximum.accumulate(np.where(lung, slices, -lung.shape[0] - BRIDGE_MM / spacing[0]), axis=0)
    return (slices - last) * spacing[0] <= BRIDGE_MM
