"""Drawn regions as the units of sampling: one outline is one observation, however many pixels it holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage


@dataclass(frozen=True)
class Region:
    """One drawn region: its class value and its pixels as (z, y, x) index arrays."""

    value: int
    pixels: tuple[np.ndarray, np.ndarray, np.ndarray]


def drawn_regions(rois: np.ndarray) -> list[Region]:
    """Return the regions of an ROI label image, by class value, then by position.

    Parameters
    ----------
    rois : (z, y, x) integer, class value where drawn, else 0. Pixels of one class that touch, corners and
        adjacent slices included, are one region.
    """
    regions = []
    for value in np.unique(rois[rois > 0]):
        components, _ = ndimage.label(rois == value, structure=np.ones((3, 3, 3)))
        for index, box in enumerate(ndimage.find_objects(components), start=1):
            inside = np.nonzero(components[box] == index)
            pixels = tuple(axis + extent.start for axis, extent in zip(inside, box, strict=True))
            regions.append(Region(int(value), pixels))
    return regions
