"""Images as stacks of the slices that a reader reviews, and back."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from LungCAD.images import axial_axis, image_like


def to_stack(image: sitk.Image) -> np.ndarray:
    """Return the voxels (slices, rows, columns), a copy.

    The slices are those across the patient's long axis, in the order in which the image stores them: number 0
    is the first that is stored.
    """
    return stack_view(image).copy()


def stack_view(image: sitk.Image) -> np.ndarray:
    """Return what `to_stack` does, but as a view: the image has to outlive it."""
    return slices_first(sitk.GetArrayViewFromImage(image), image)


def slices_first(array: np.ndarray, image: sitk.Image) -> np.ndarray:
    """Return a view (slices, rows, columns) of an array (z, y, x) on the grid of `image`."""
    return np.moveaxis(array, 2 - axial_axis(image), 0)


def slices_last(stack: np.ndarray, image: sitk.Image) -> np.ndarray:
    """Return a view (z, y, x) on the grid of `image` of a stack (slices, rows, columns)."""
    return np.moveaxis(stack, 0, 2 - axial_axis(image))


def from_stack(stack: np.ndarray, like: sitk.Image) -> sitk.Image:
    """Return a stack (slices, rows, columns) as an image on the grid of `like`.

    Raises ValueError where the stack is not of its size.
    """
    array = np.ascontiguousarray(slices_last(stack, like))
    if array.shape != like.GetSize()[::-1]:
        raise ValueError(f"stack has the shape {stack.shape}, which does not fit the image {like.GetSize()}")
    return image_like(array, like)
