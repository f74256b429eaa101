"""Thick pleura: soft tissue between the aerated lung and the ribs, where the gap is wider than elsewhere.

A watershed cannot part thick pleura from the chest wall behind it, which is as dense, and a closing does not
fill it where it follows the curve of the chest. The ribs tell: along a normal lung they lie one thin layer
away all around. Not in SAPSAM, whose masks show thick pleura but whose text does not say what keeps it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from LungCAD.lungs.morphology import Mask, Spacing, closing, components, dilate, distance_to

BONE_HU = 170.0
SOFT_TISSUE_HU = -160.0, 240.0
SMOOTH_PX = 1.8
"""Before bone is told from noise."""

LEAST_BONE_PX = 8.0
"""Cube root of the volume of the smallest piece of bone: thick slices cut ribs into pieces."""

RIB_GAP_PX = 32.0
"""Radius of the closing that joins neighbouring ribs to a cage."""

USUAL_PX, WALL_PX = 8.0, 3.0
"""Between the pleura and the ribs of a normal chest; the part of it that is chest wall even behind a rind."""

THICKEST_PX, WIDEST_PX = 22.0, 36.0
"""Of a rind; of the gap between aerated lung and ribs: behind wider ones lie heart, liver or spine."""

OPPOSITE = -0.5
"""Cosine of the directions to the lung and to the ribs, for what surely lies between them."""

STRAIGHT = 0.7
"""Distance of the lung's border from the ribs over the gap's width, at least: where a rib is much nearer to
the lung, this is muscle behind it, as under the shoulder blade."""

OUTWARD, SPINE_PX = 0.3, 50.0
"""Cosine of the directions to the ribs and away from the body's middle, and distance from the middle to
either side: they leave out the mediastinum and what lies before the spine and behind the sternum."""

CORNERS = np.ones((3, 3, 3), bool)
"""A rib that crosses slices at a slant goes on where voxels touch at a corner."""

WORKING_PX = 3.2
"""Voxels as wide as this are fine enough."""

Points = NDArray[np.float64]
"""(N, 3), order z, y, x, in pixels of a published slice."""


def pleural_rind(lung: Mask, hu: NDArray[np.float32], pixels: Spacing) -> Mask:
    """Return the soft tissue (z, y, x) between a lung mask and the ribs behind it, if thicker than usual.

    pixels : distance of voxels along z, y, x in pixels of a published slice, about 0.7 mm.
    """
    steps = tuple(max(1, round(WORKING_PX / pixel)) for pixel in pixels)
    coarse = tuple(slice(None, None, step) for step in steps)
    widths = tuple(pixel * step for pixel, step in zip(pixels, steps, strict=True))
    found = _between(lung[coarse], _cage(lung[coarse], hu[coarse], widths), widths)
    for axis, (step, length) in enumerate(zip(steps, lung.shape, strict=True)):
        found = found.repeat(step, axis).take(np.arange(length), axis)
    low, high = SOFT_TISSUE_HU
    return found & ~lung & (hu > low) & (hu < high)


def _cage(lung: Mask, hu: NDArray[np.float32], pixels: Spacing) -> Mask:
    """Return the ribs, the spine and the sternum, and what lies between neighbouring ones.

    Bone far from the lung is none of them; nor is the table, which a closing would join to the back.
    """
    dense = ndimage.gaussian_filter(hu, [SMOOTH_PX / pixel for pixel in pixels]) > BONE_HU
    near = ~lung & (distance_to(lung, pixels) <= WIDEST_PX)
    labels, sizes = components(dense & near, CORNERS)
    bone = (sizes * np.prod(pixels) >= LEAST_BONE_PX**3)[labels]
    bone[labels == 0] = False
    return bone | closing(bone, RIB_GAP_PX, pixels)


def _between(lung: Mask, cage: Mask, pixels: Spacing) -> Mask:
    """Return what has the lung on one side and the ribs on the outer other, in a gap wider than usual."""
    if not (lung.any() and cage.any()):
        return np.zeros_like(lung)
    near = ~lung & ~cage & (distance_to(lung, pixels) <= THICKEST_PX)
    voxels = np.argwhere(near) * pixels
    lung_place, rib_place = (_nearest(mask, near, pixels) for mask in (lung, cage))
    to_lung, to_ribs = lung_place - voxels, rib_place - voxels
    from_middle = voxels - np.argwhere(lung).mean(axis=0) * pixels
    from_middle[:, 0] = 0
    deep = np.linalg.norm(to_ribs, axis=1)
    gap = np.linalg.norm(to_lung, axis=1) + deep
    before_ribs = (
        (gap <= WIDEST_PX)
        & (distance_to(cage, pixels)[_index(lung_place, pixels)] >= STRAIGHT * gap)
        & (np.abs(from_middle[:, 2]) > SPINE_PX)
        & (_cosine(to_ribs, from_middle) > OUTWARD)
    )
    opposite = _cosine(to_lung, to_ribs)
    rind, thick = np.zeros_like(lung), np.zeros_like(lung)
    thick[near] = before_ribs & (opposite < OPPOSITE) & (deep >= USUAL_PX)
    rind[near] = before_ribs & (opposite < 0) & (deep >= WALL_PX)
    return rind & dilate(thick, USUAL_PX, pixels)


def _index(places: Points, pixels: Spacing) -> tuple[NDArray[np.intp], ...]:
    return tuple(np.rint(places / pixels).astype(np.intp).T)


def _nearest(mask: Mask, near: Mask, pixels: Spacing) -> Points:
    """Return the place of the nearest voxel of the mask for each voxel of `near`."""
    places = ndimage.distance_transform_edt(
        ~mask, sampling=pixels, return_distances=False, return_indices=True
    )
    return np.stack([along[near] for along in places], axis=1) * pixels


def _cosine(a: Points, b: Points) -> NDArray[np.float64]:
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return (a * b).sum(axis=1) / np.maximum(lengths, 1e-6)
