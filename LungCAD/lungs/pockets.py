"""Dense disease told by the shape of the lung.

Consolidation, a mass or thickened pleura has the attenuation of the chest wall or mediastinum that it
touches; no edge parts them. But the pleura is convex along the ribs and changes slowly from slice to slice.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from skimage.morphology import convex_hull_image

from LungCAD.lungs.cores import LEFT, RIGHT
from LungCAD.lungs.morphology import Mask, Spacing, opening

BRIDGE_MM = 80.0
"""Dense tissue with lung above and below, not farther apart than this, may be disease; below heart and
diaphragm there is none."""

BULGE_MM = 12.0
"""Radius of a ball that fits into a mass, but not into what aortic arch and hilum bulge into a lung."""

FILM_MM = 3.0
"""Radius of a ball that fits into disease at the ribs, but not into the unevenness between them."""

COSTAL = {RIGHT: np.array([0.45, -0.9]), LEFT: np.array([0.45, 0.9])}
"""Direction (y, x) from the middle of a lung to its ribs: lateral and somewhat backwards."""

COSTAL_COSINE = 0.2


def bridged(lung: Mask, free: Mask, spacing: Spacing) -> Mask:
    """Return thick dense tissue that has the lung above and below: masses, consolidation.

    Parameters
    ----------
    lung : (z, y, x), one lung without its dense disease; z along the patient.
    free : (z, y, x), voxels that may be added.
    spacing : mm.
    """
    slices = np.arange(lung.shape[0])[:, None, None]
    never = -lung.shape[0] - BRIDGE_MM / spacing[0]
    below = np.maximum.accumulate(np.where(lung, slices, never), axis=0)
    above = -np.maximum.accumulate(np.where(lung, -slices, never)[::-1], axis=0)[::-1]
    between = (above - below) * spacing[0] <= BRIDGE_MM
    return opening(between & free & ~lung, BULGE_MM, spacing)


def rib_pockets(lung: Mask, free: Mask, side: int, spacing: Spacing) -> Mask:
    """Return the dense tissue inside the lung's axial convex hulls that opens towards the ribs.

    What opens to the other side is mediastinum, heart or diaphragm. Parameters as of `bridged`; `side` is 1
    for the right lung (low x), 2 for the left.
    """
    pockets = np.zeros_like(lung)
    for z in np.flatnonzero(lung.any((1, 2))):
        if np.ptp(np.argwhere(lung[z]), axis=0).min() > 1:
            hull = convex_hull_image(lung[z], offset_coordinates=False)
            pockets[z] = _open_to_the_ribs(hull, lung[z], side)
    return opening(pockets & free, FILM_MM, spacing)


def _open_to_the_ribs(hull: Mask, lung: Mask, side: int) -> Mask:
    """Parts of one slice's hull beside the lung that meet the hull's edge mostly on its costal side."""
    labels, count = ndimage.label(hull & ~lung)
    rows, columns = np.nonzero((labels > 0) & ~ndimage.binary_erosion(hull))
    parts = labels[rows, columns]
    outwards = np.stack([rows, columns], axis=1) - np.argwhere(hull).mean(0)
    costal = outwards @ COSTAL[side] > COSTAL_COSINE * np.hypot(*outwards.T)
    open_at = np.bincount(parts, minlength=count + 1)
    open_to_ribs = np.bincount(parts, costal, minlength=count + 1)
    return (open_to_ribs > open_at / 2)[labels] & (labels > 0)
