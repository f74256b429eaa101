"""Fields: the sets of voxels that exchange messages, cut from a masked volume."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from LungCAD.crf.parameters import CRFParameters


@dataclass(frozen=True)
class Field:
    """The N voxels of one independent random field, in raster order.

    index : (N,) int64, flat position of each voxel in the (Z, Y, X) volume.
    position : (N, 3) int32, (z, y, x) inside the field's bounding box.
    extent : size of the bounding box in voxels, (Z, Y, X).
    step : (z, y, x) distance between neighbouring voxels, in the unit of the thetas.
    grey : (N, K) float32, the grey levels I; or (N, 1) HU where `is_hu`.
    is_hu : whether `grey` holds HU that still pass the windows.
    """

    index: np.ndarray
    position: np.ndarray
    extent: tuple[int, int, int]
    step: tuple[float, float, float]
    grey: np.ndarray
    is_hu: bool

    @property
    def size(self) -> int:
        """Number of voxels N."""
        return len(self.index)

    def coordinates(self) -> np.ndarray:
        """Return the voxels' places (N, 3) float64 in the unit of the thetas."""
        return self.position * np.asarray(self.step, dtype=np.float64)


def split_fields(
    grey: np.ndarray,
    mask: np.ndarray,
    spacing: tuple[float, float, float],
    parameters: CRFParameters,
    lungs: np.ndarray | None = None,
) -> Iterator[Field]:
    """Yield the independent fields of a volume: slices or the whole, both lungs together or each alone.

    Parameters
    ----------
    grey : (Z, Y, X) HU or (K, Z, Y, X) grey levels.
    mask : (Z, Y, X) bool, the voxels that take part.
    spacing : (z, y, x) in mm.
    lungs : (Z, Y, X) int, a number per lung; used where `parameters.couple_lungs` is false.
    """
    step = _step(spacing, parameters)
    groups = mask.astype(np.uint8) if parameters.couple_lungs else np.where(mask, lungs, 0)
    slabs = range(mask.shape[0]) if parameters.per_slice(spacing[0]) else [slice(None)]
    for slab in slabs:
        first = slab if isinstance(slab, int) else 0
        part = groups[first : first + 1] if isinstance(slab, int) else groups
        for group in np.unique(part[part != 0]):
            yield _field(np.argwhere(part == group) + np.array((first, 0, 0)), grey, mask.shape, step)


def _step(spacing: tuple[float, float, float], parameters: CRFParameters) -> tuple[float, float, float]:
    if parameters.unit == "mm":
        return spacing
    return spacing[0] * 2 / (spacing[1] + spacing[2]), 1.0, 1.0


def _field(voxels: np.ndarray, grey: np.ndarray, shape: tuple[int, ...], step: tuple[float, ...]) -> Field:
    index = np.ravel_multi_index(tuple(voxels.T), shape)
    low, high = voxels.min(0), voxels.max(0)
    channels = grey.reshape(-1, np.prod(shape))[:, index].T
    return Field(
        index=index,
        position=(voxels - low).astype(np.int32),
        extent=tuple(int(n) for n in high - low + 1),
        step=step,
        grey=np.ascontiguousarray(channels, dtype=np.float32),
        is_hu=grey.ndim == 3,
    )
