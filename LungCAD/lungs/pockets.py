"""Dense disease told by the shape of the lung.

Consolidation, a mass or thickened pleura has the attenuation of the chest wall or mediastinum that it
touches; no edge parts them. But the chest is convex and changes slowly from slice to slice.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from LungCAD.lungs.morphology import Mask, Spacing, opening

BRIDGE_MM = 80.0
"""Dense tissue with lung above and below, not farther apart than this, may be disease; below heart and
diaphragm there is none."""

RIB_BRIDGE_MM = 150.0
"""The same for dense tissue beside the ribs, where there is no heart."""

BULGE_MM = 12.0
"""Radius of a ball that fits into a mass, but not into what aortic arch and hilum bulge into a lung."""

BONE_HU = 200.0

RIB_GAP_MM = 15.0
"""Ribs this far above or below stand in where the slice passes between two of them."""

PLEURA_MM = 2.0
"""Thickness of what lies between ribs and lung."""

TOUCH_MM = 10.0
"""A lung that ends less than this short of the ribs reaches them."""

RIND_MM = 45.0
"""How deep below the ribs dense tissue is taken for disease."""

RAYS_PER_DEGREE = 0.5
SIDE_DEGREES, SIDE_WIDTH = 10.0, 50.0
"""The ribs are looked at from the middle of the chest, this far to both sides of a direction somewhat behind
the lateral one: in front lies the heart, behind the spine."""

SHORTEST = 0.5
"""Bone nearer than this share of the widest reach of the lungs on a ray is no rib."""

RIB_GAP_RAYS = 5

FILM_MM = 4.0
"""Radius of a ball that fits into disease at the ribs, but not into the unevenness between them."""


def masses(lung: Mask, free: Mask, spacing: Spacing) -> Mask:
    """Return thick dense tissue that has the lung above and below.

    Parameters
    ----------
    lung : (z, y, x), one lung without its dense disease; z along the patient.
    free : (z, y, x), voxels that may be added.
    spacing : mm.
    """
    return opening(_bridged(lung, BRIDGE_MM, spacing) & free, BULGE_MM, spacing)


def rind(hu: NDArray[np.float32], lungs: Mask, free: Mask, spacing: Spacing) -> Mask:
    """Return dense tissue between lung and ribs, where the lung reaches the ribs above and below.

    Parameters
    ----------
    hu : (z, y, x) float32, HU.
    lungs : (z, y, x), both lungs without their dense disease; z along the patient.
    free : (z, y, x), voxels that may be added.
    spacing : mm.
    """
    radius, ray, costal = _rays(lungs, spacing)
    last_lung = _farthest(lungs, radius, ray)
    ribs = (hu > BONE_HU) & costal & (radius > SHORTEST * last_lung.max(axis=0)[ray])
    chest = _nearest(ribs, radius, ray)
    slices = 2 * int(RIB_GAP_MM / spacing[0]) + 1
    chest = ndimage.minimum_filter(chest, (slices, RIB_GAP_RAYS), mode=("nearest", "wrap")) - PLEURA_MM
    touches = chest - last_lung <= TOUCH_MM
    fill = np.where(_bridged(touches, RIB_BRIDGE_MM, spacing), chest, 0)[:, ray]
    beyond = (radius > last_lung[:, ray]) & (radius <= fill) & (radius > fill - RIND_MM)
    return opening(beyond & free, FILM_MM, spacing)


def _bridged(mask: Mask, gap_mm: float, spacing: Spacing) -> Mask:
    """What lies outside the mask and has it before and behind along the first axis, within `gap_mm`."""
    slices = np.arange(mask.shape[0]).reshape(-1, *[1] * (mask.ndim - 1))
    never = -mask.shape[0] - gap_mm / spacing[0]
    below = np.maximum.accumulate(np.where(mask, slices, never), axis=0)
    above = -np.maximum.accumulate(np.where(mask, -slices, never)[::-1], axis=0)[::-1]
    return ((above - below) * spacing[0] <= gap_mm) & ~mask


def _rays(lungs: Mask, spacing: Spacing) -> tuple[NDArray[np.float32], NDArray[np.intp], Mask]:
    """For each (y, x): mm from the middle of the chest, number of the ray, whether that meets ribs."""
    _, rows, columns = np.nonzero(lungs)
    y = (np.arange(lungs.shape[1])[:, None] - np.mean([rows.min(), rows.max()])) * spacing[1]
    x = (np.arange(lungs.shape[2]) - np.mean([columns.min(), columns.max()])) * spacing[2]
    ray = np.floor((np.degrees(np.arctan2(y, x)) + 180) * RAYS_PER_DEGREE).astype(np.intp)
    backwards = np.degrees(np.arctan2(y, np.abs(x)))
    return np.hypot(y, x).astype(np.float32), ray, np.abs(backwards - SIDE_DEGREES) < SIDE_WIDTH


def _farthest(mask: Mask, radius: NDArray[np.float32], ray: NDArray[np.intp]) -> NDArray[np.float32]:
    """Distance in mm of the last voxel of the mask on each ray, (z, ray); 0 where there is none."""
    z, y, x = np.nonzero(mask)
    reach = np.zeros((mask.shape[0], int(ray.max()) + 1), np.float32)
    np.maximum.at(reach, (z, ray[y, x]), radius[y, x])
    return reach


def _nearest(mask: Mask, radius: NDArray[np.float32], ray: NDArray[np.intp]) -> NDArray[np.float32]:
    """Distance in mm of the first voxel of the mask on each ray, (z, ray); infinite where there is none."""
    z, y, x = np.nonzero(mask)
    reach = np.full((mask.shape[0], int(ray.max()) + 1), np.inf, np.float32)
    np.minimum.at(reach, (z, ray[y, x]), radius[y, x])
    return reach
