"""Images between two processes: the voxels in a raw file, the rest in plain data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LungCAD.steps import CHUNK_BYTES, Steps, slabs


@dataclass(frozen=True)
class PlacedVoxels:
    """An image whose voxels lie in somebody else's memory, such as that of a node.

    voxels : (z, y, x). place : an image of any size that lies where this one does.
    """

    voxels: NDArray
    place: sitk.Image


def write_in_steps(image: sitk.Image | PlacedVoxels, file: Path) -> Steps[dict[str, Any]]:
    """Write the voxels to `file`; return the description that `read_in_steps` needs.

    The file is complete when the description is there: nobody is told of it before.
    """
    if isinstance(image, PlacedVoxels):
        voxels, image = image.voxels, image.place
    else:
        voxels = sitk.GetArrayViewFromImage(image)
    with file.open("wb") as target:
        for part in slabs(voxels, CHUNK_BYTES):
            target.write(np.ascontiguousarray(voxels[part]).data)
            yield part.stop / len(voxels)
    return {
        "file": file.name,
        "dtype": voxels.dtype.str,
        "shape": voxels.shape,
        "spacing": image.GetSpacing(),
        "origin": image.GetOrigin(),
        "direction": image.GetDirection(),
    }


def read_in_steps(description: dict[str, Any], folder: Path) -> Steps[sitk.Image]:
    """Return the image that was written to a file in `folder`."""
    shape, dtype = tuple(description["shape"]), np.dtype(description["dtype"])
    dimension = len(description["spacing"])
    components = shape[dimension] if len(shape) > dimension else 0
    voxels = np.memmap(folder / description["file"], dtype, "r", shape=shape)
    image = yield from array_image_in_steps(voxels, components)
    image.SetSpacing(description["spacing"])
    image.SetOrigin(description["origin"])
    image.SetDirection(description["direction"])
    return image


def array_image_in_steps(array: NDArray, components: int = 0) -> Steps[sitk.Image]:
    """Return a copy of an array as an image with spacing 1 at the origin, yielding fractions.

    array : its axes in reverse order of the image's, as (z, y, x); where the image has `components`, these
        are the last axis. Memory-mapped files will do.
    """
    is_vector = components > 0
    shape = array.shape[: array.ndim - is_vector]
    sample = sitk.GetImageFromArray(array[:1], isVector=is_vector)
    image = sitk.Image(shape[::-1], sample.GetPixelID(), components)
    yield 0.0
    for part in slabs(array, CHUNK_BYTES):
        slab = (slice(None),) * (len(shape) - 1) + (part,)
        image[slab] = sitk.GetImageFromArray(array[part], isVector=is_vector)
        yield part.stop / len(array)
    return image
