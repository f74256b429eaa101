"""Dense disease told by the shape of the lung.

Consolidation, a mass or thickened pleura has the attenuation of the chest wall or mediastinum that it
touches; no edge parts them. But the chest is convex and changes slowly from slice to slice.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.morphology import convex_hull_image

from LungCAD.lungs.morphology import IN_PLANE, Mask, Spacing, components, dilate, distance_to, opening

DENSE_GAP_AND_BALL_MM = ((65.0, 9.0), (80.0, 12.0))
"""Dense tissue with lung above and below, no farther apart than the first, is a mass if a ball with the
second as radius fits in: it does not fit in what aortic arch, hilum and left ventricle bulge into a lung, the
less so the shorter the gap. Below heart and diaphragm there is no lung."""

MIXED_GAP_MM, MIXED_BALL_MM = 150.0, 5.0
"""The same for tissue that holds air, as consolidation does."""

MIXED_HU, SPECK_HU, SPECKS, MIXED_MM = -20.0, -250.0, 0.008, 6.0
"""Tissue holds air if, around a voxel, its mean is below the first and the third is the least share of voxels
below the second; blood and muscle are denser, fat has no specks. The fourth is the width (sigma) of the
window, mm."""

EDGE_MM = 3.0
"""So near to the lung, voxels may be light because they are partly lung; that does not count in the
apex, where no lung above tells disease from the fat of the neck."""

GAS_MM, SKIN_MM = 3.0, 7.0
"""Radius of a ball that fits into bowel or room air, but not into the bronchi of consolidation; thickness of
the wall or skin around."""

ON_LUNG = 0.5
"""What a lung surrounds within a slice is disease if at least this share has lung beneath; otherwise it is
the dome of the diaphragm."""

RIB_GAP_MM = 150.0
"""The same for dense tissue beside the ribs, where there is no heart."""

BONE_HU = 200.0

BETWEEN_RIBS_MM = 15.0
"""Ribs this far above or below stand in where the slice passes between two of them."""

ARCH_MM = 80.0
"""Radius of the chest's curve from slice to slice where it is strongest, below the apex."""

FAT_HU, FAT_MM = -30.0, 2.0
"""Where a slice passes between two ribs, the bone that a ray meets may be that of a wider part of the chest.
Tissue beyond the arch from the slice below to that above belongs to the chest wall if it is lighter than the
first, in the mean of a window (sigma) of the second."""

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


def masses(hu: NDArray[np.float32], lung: Mask, chest: Mask, free: Mask, spacing: Spacing) -> Mask:
    """Return thick tissue that has the lung above and below.

    Parameters
    ----------
    hu : (z, y, x) float32, HU.
    lung : (z, y, x), one lung without its dense disease; z along the patient, upwards.
    chest : (z, y, x), both lungs.
    free : (z, y, x), voxels that may be added.
    spacing : mm.
    """
    solid = free & _hull(chest)
    dense = np.zeros_like(lung)
    for gap, ball in DENSE_GAP_AND_BALL_MM:
        dense |= opening(solid & _bridged(lung, gap, spacing), ball, spacing)
    mixed = free & _bridged(lung, MIXED_GAP_MM, spacing) & _holds_air(hu, free, spacing)
    inner = free & (distance_to(chest | _open_air(hu, chest, spacing), spacing) > EDGE_MM)
    mixed |= inner & _stands_on(lung) & _holds_air(hu, inner, spacing)
    return dense | opening(mixed, MIXED_BALL_MM, spacing)


def surrounded(lung: Mask) -> Mask:
    """Return what one lung surrounds within a slice, unless it is the dome of the diaphragm.

    Beneath a mass there is lung, beneath the dome there is none.

    Parameters
    ----------
    lung : (z, y, x), one lung; z along the patient, upwards.
    """
    holes = np.stack([ndimage.binary_fill_holes(section) for section in lung]) & ~lung
    labels, sizes = components(holes, IN_PLANE)
    on_lung = np.bincount(labels[_stands_on(lung)], minlength=sizes.size)
    keep = on_lung >= ON_LUNG * sizes
    keep[0] = False
    return keep[labels]


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
    slices = 2 * int(BETWEEN_RIBS_MM / spacing[0]) + 1
    chest = ndimage.minimum_filter(chest, (slices, RIB_GAP_RAYS), mode=("nearest", "wrap")) - PLEURA_MM
    touches = chest - last_lung <= TOUCH_MM
    fill = np.where(_bridged(touches, RIB_GAP_MM, spacing), chest, 0)[:, ray]
    beyond = (radius > last_lung[:, ray]) & (radius <= fill) & (radius > fill - RIND_MM)
    in_plane = (0, FAT_MM / spacing[1], FAT_MM / spacing[2])
    fat = ndimage.gaussian_filter(hu, in_plane) < FAT_HU
    beyond &= ~fat | (radius <= _arched(chest, touches, spacing)[:, ray])
    return opening(beyond & free, FILM_MM, spacing)


def _holds_air(hu: NDArray[np.float32], tissue: Mask, spacing: Spacing) -> Mask:
    sigma = [MIXED_MM / step for step in spacing]

    def around(values: NDArray) -> NDArray[np.float32]:
        return ndimage.gaussian_filter((values * tissue).astype(np.float32), sigma)

    weight = np.maximum(around(np.ones_like(hu)), 1e-3)
    mean = around(hu) / weight
    specks = around(hu < SPECK_HU) / weight
    return (mean < MIXED_HU) & (specks >= SPECKS)


def _open_air(hu: NDArray[np.float32], lungs: Mask, spacing: Spacing) -> Mask:
    """Room air and gas in hollow organs, with the skin or wall around."""
    gas = opening((hu < SPECK_HU) & ~lungs, GAS_MM, spacing)
    return dilate(gas, SKIN_MM, spacing)


def _stands_on(lung: Mask) -> Mask:
    """Voxels with lung somewhere beneath them."""
    return np.logical_or.accumulate(lung, axis=0)


def _hull(lungs: Mask) -> Mask:
    """The convex hull of both lungs in each slice: what is farther out is chest wall."""
    return np.stack([convex_hull_image(section) if section.any() else section for section in lungs])


def _bridged(mask: Mask, gap_mm: float, spacing: Spacing) -> Mask:
    """What lies outside the mask and has it before and behind along the first axis, within `gap_mm`."""
    slices = np.arange(mask.shape[0]).reshape(-1, *[1] * (mask.ndim - 1))
    never = -mask.shape[0] - gap_mm / spacing[0]
    below = np.maximum.accumulate(np.where(mask, slices, never), axis=0)
    above = -np.maximum.accumulate(np.where(mask, -slices, never)[::-1], axis=0)[::-1]
    return ((above - below) * spacing[0] <= gap_mm) & ~mask


def _arched(chest: NDArray[np.float32], known: Mask, spacing: Spacing) -> NDArray[np.float32]:
    """Where the chest ends on each ray, (z, ray) mm, by where it does below and above; else infinite."""
    reach = np.full(chest.shape, np.inf, np.float32)
    for ray in np.flatnonzero(known.any(axis=0)):
        at = np.flatnonzero(known[:, ray])
        slices = np.arange(at[0], at[-1] + 1)
        next_known = np.searchsorted(at, slices)
        above, below = at[next_known], at[np.maximum(next_known - 1, 0)]
        arch = (slices - below) * (above - slices) * spacing[0] ** 2 / (2 * ARCH_MM)
        reach[slices, ray] = np.interp(slices, at, chest[at, ray]) + arch
    return reach


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
