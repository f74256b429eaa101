"""Images between two processes: the voxels in a raw file, the rest in plain data.

Everything works in steps, generators that yield the fraction done, so that a panel can answer its user in
between; `finish` runs them at once.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Generator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import SimpleITK as sitk

CHUNK_BYTES = 4 << 20
"""Handled in a few milliseconds."""

Outcome = TypeVar("Outcome")
Steps = Generator[float, None, Outcome]


def write_in_steps(image: sitk.Image, file: Path) -> Steps[dict[str, Any]]:
    """Write the voxels to `file`; return the description that `read_in_steps` needs.

    The file is complete when the description is there: nobody is told of it before.
    """
    voxels = sitk.GetArrayViewFromImage(image)
    with file.open("wb") as target:
        for start, stop in _chunks(voxels):
            target.write(np.ascontiguousarray(voxels[start:stop]).data)
            yield stop / len(voxels)
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
    for start, stop in _chunks(voxels):
        slab = (slice(None),) * (dimension - 1) + (slice(start, stop),)
        image[slab] = sitk.GetImageFromArray(voxels[start:stop], isVector=components > 0)
        yield stop / len(voxels)
    image.SetSpacing(description["spacing"])
    image.SetOrigin(description["origin"])
    image.SetDirection(description["direction"])
    return image


def finish(steps: Steps[Outcome]) -> Outcome:
    """Run a function that works in steps to its end and return its result."""
    outcome: list[Outcome] = []

    def run() -> Steps[None]:
        outcome.append((yield from steps))

    deque(run(), maxlen=0)
    return outcome[0]


def _chunks(voxels: np.ndarray) -> list[tuple[int, int]]:
    """Return ranges (start, stop) of whole slices, about CHUNK_BYTES each."""
    count = max(math.floor(CHUNK_BYTES / max(voxels[:1].nbytes, 1)), 1)
    return [(start, min(start + count, len(voxels))) for start in range(0, len(voxels), count)]
