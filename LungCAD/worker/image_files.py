"""Images between two processes: the voxels in a raw file, the rest in plain data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from LungCAD.steps import CHUNK_BYTES, Steps, slabs


def write_in_steps(image: sitk.Image, file: Path) -> Steps[dict[str, Any]]:
    """Write the voxels to `file`; return the description that `read_in_steps` needs.

    The file is complete when the description is there: nobody is told of it before.
    """
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
    sample = sitk.GetImageFromArray(voxels[:1], isVector=components > 0)
    image = sitk.Image(shape[:dimension][::-1], sample.GetPixelID(), components)
    yield 0.0
    for part in slabs(voxels, CHUNK_BYTES):
        slab = (slice(None),) * (dimension - 1) + (part,)
        image[slab] = sitk.GetImageFromArray(voxels[part], isVector=components > 0)
        yield part.stop / len(voxels)
    image.SetSpacing(description["spacing"])
    image.SetOrigin(description["origin"])
    image.SetDirection(description["direction"])
    return image
