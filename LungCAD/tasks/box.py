"""The part of a volume that a task computes on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk


@dataclass(frozen=True)
class Box:
    """A box of voxels (z, y, x) in a volume."""

    slices: tuple[slice, slice, slice]

    @classmethod
    def around(cls, mask: np.ndarray, margin: tuple[int, int, int]) -> Box:
        """Return the smallest box around the true voxels of `mask` (z, y, x), grown by `margin` voxels."""
        slices = []
        for axis, extra in enumerate(margin):
            others = tuple(other for other in range(3) if other != axis)
            hit = np.flatnonzero(mask.any(axis=others))
            slices.append(slice(max(int(hit[0]) - extra, 0), min(int(hit[-1]) + 1 + extra, mask.shape[axis])))
        return cls(tuple(slices))

    def crop(self, array: np.ndarray) -> np.ndarray:
        """Return the view of `array` (z, y, x) inside the box."""
        return array[self.slices]

    def place(self, cropped: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
        """Return `cropped` (z, y, x) in a volume of this shape, zero elsewhere."""
        full = np.zeros(shape, cropped.dtype)
        full[self.slices] = cropped
        return full

    def restore(self, cropped: np.ndarray, reference: sitk.Image) -> sitk.Image:
        """Put `cropped` back on the grid of `reference`, zero elsewhere.

        A (z, y, x) array becomes a scalar image, a (C, z, y, x) array a vector image of C components.
        """
        shape = reference.GetSize()[::-1]
        if cropped.ndim == 3:
            full = self.place(cropped, shape)
        else:
            full = np.zeros((*shape, len(cropped)), cropped.dtype)
            full[self.slices] = np.moveaxis(cropped, 0, -1)
        image = sitk.GetImageFromArray(full, isVector=cropped.ndim == 4)
        image.CopyInformation(reference)
        return image
