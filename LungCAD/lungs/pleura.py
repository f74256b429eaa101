"""From the air of a lung to the whole lung: vessels, and disease as dense as the chest wall."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed

from LungCAD.lungs.cores import LEFT, RIGHT
from LungCAD.lungs.morphology import Mask, Spacing, closing, components, distance_to, nearest_side, opening
from LungCAD.lungs.pockets import masses, rind, surrounded

OUTSIDE = 3

LUNG_FLOOR_HU, SOFT_HU = -1000.0, 150.0
"""Edges are looked for between these; ribs and enhanced vessels above the second are never disease."""

SMOOTHING_MM = 2.0
"""Standard deviation of the in-plane smoothing that keeps a sharp kernel's noise from looking like bone."""

AIRWAY_MM = 10.0
"""So near to trachea and main bronchi, dense tissue that holds air is their wall or a lymph node."""

GREY_HU, GREY_MM = -250.0, 3.0
"""Below the first and thicker than twice the second is ground glass or fibrosis; fat is denser, the blurred
edge of the chest wall thinner."""


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
    masses, which no edge parts from the chest wall, are told by the shape of the lung
    (`LungCAD.lungs.pockets`).

    Parameters
    ----------
    hu : (z, y, x) float32, HU.
    aerated : (z, y, x), 1 and 2 in the aerated right and left lung.
    forbidden : (z, y, x), trachea and main bronchi with their walls.
    spacing : mm.
    intermediate_mm, external_mm, closing_mm : radii of the two marker dilations and of the closing.
    """
    lungs = _grey_lung(hu, aerated, forbidden, spacing, external_mm)
    lungs = _up_to_the_edge(hu, lungs, forbidden, spacing, intermediate_mm, external_mm)
    in_plane = (0, SMOOTHING_MM / spacing[1], SMOOTHING_MM / spacing[2])
    soft = ~forbidden & (ndimage.gaussian_filter(hu, in_plane) < SOFT_HU)
    off_airways = distance_to(forbidden, spacing) > AIRWAY_MM
    at_ribs = np.where(rind(hu, lungs > 0, soft & (lungs == 0), spacing), nearest_side(lungs, spacing), 0)
    for side in (RIGHT, LEFT):
        lung = lungs == side
        if not lung.any():
            continue
        free = soft & (lungs == 0)
        lung |= masses(hu, lung, lungs > 0, free & off_airways, spacing)
        lung |= at_ribs == side
        lung |= closing(lung, closing_mm, spacing) & free
        lung |= surrounded(lung)
        lung = ndimage.binary_fill_holes(lung) & ~forbidden
        lungs[_together_with(aerated == side, lung) & (lungs == 0)] = side
    return lungs


def _together_with(seeds: Mask, mask: Mask) -> Mask:
    """The connected parts of the mask that hold a seed."""
    labels, sizes = components(mask)
    keep = np.zeros(sizes.size, bool)
    keep[labels[seeds]] = True
    keep[0] = False
    return keep[labels]


def _grey_lung(
    hu: NDArray[np.float32], aerated: NDArray[np.uint8], forbidden: Mask, spacing: Spacing, reach_mm: float
) -> NDArray[np.uint8]:
    """Add what hangs together with the aerated lung and is too thick and too light for a chest wall."""
    near = distance_to(aerated > 0, spacing) <= reach_mm
    grey = opening((hu < GREY_HU) & near & ~forbidden, GREY_MM, spacing)
    return watershed(hu, aerated.astype(np.int32), mask=grey | (aerated > 0)).astype(np.uint8)


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
