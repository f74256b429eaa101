"""Fields: the sets of voxels that exchange messages, cut from a masked volume."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from LungCAD.crf.parameters import CRFParameters

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Field:
    """The N voxels of one independent random field, in raster order.

    index : (N,) int64, flat position of each voxel in the volume.
    rows : where the field's voxels stand among all voxels of the mask in raster order.
    shape : (Z, Y, X) of the volume.
    origin, extent : first voxel and size in voxels of the field's bounding box, (z, y, x).
    step : (z, y, x) distance between neighbouring voxels, in the unit of the thetas.
    grey : (K, N) float32 grey levels I; or (1, N) HU where `is_hu`.
    is_hu : whether `grey` holds HU that still pass the windows.
    """

    index: np.ndarray
    rows: slice | np.ndarray
    shape: tuple[int, int, int]
    origin: tuple[int, int, int]
    extent: tuple[int, int, int]
    step: Triple
    grey: np.ndarray
    is_hu: bool

    @property
    def size(self) -> int:
        """Number of voxels N."""
        return len(self.index)

    def position(self, part: slice = slice(None)) -> np.ndarray:
        """Return (z, y, x) inside the bounding box (3, n) int32 of some of the voxels."""
        rows, x = _divide(self.index[part], self.shape[2])
        z, y = _divide(rows, self.shape[1])
        place = zip((z, y, x), self.origin, strict=True)
        return np.stack([(axis - first).astype(np.int32) for axis, first in place])

    def planes(self) -> Iterator[tuple[int, slice]]:
        """Yield z inside the bounding box and the voxels of each slice of the image that holds any."""
        first = self.origin[0]
        area = self.shape[1] * self.shape[2]
        ends = np.searchsorted(self.index, area * (first + np.arange(self.extent[0] + 1)))
        for z, (start, stop) in enumerate(pairwise(ends)):
            if stop > start:
                yield z, slice(int(start), int(stop))


def split_fields(
    grey: np.ndarray,
    mask: np.ndarray,
    spacing: Triple,
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
    inside = np.flatnonzero(mask)
    area = mask.shape[1] * mask.shape[2]
    cuts = area * np.arange(1, len(mask)) if parameters.per_slice(spacing[0]) else []
    for member in _groups(inside, None if parameters.couple_lungs else lungs):
        index = inside if member is None else inside[member]
        for start, stop in pairwise([0, *np.searchsorted(index, cuts), len(index)]):
            if stop > start:
                rows = slice(start, stop) if member is None else member[start:stop]
                yield _field(index[start:stop], rows, grey, mask.shape, _step(spacing, parameters))


def _groups(inside: np.ndarray, lungs: np.ndarray | None) -> Iterator[np.ndarray | None]:
    """Yield the rows of the voxels of each lung; None, for all of them, where the lungs are coupled."""
    if lungs is None:
        yield None
    else:
        lung = lungs.reshape(-1)[inside]
        yield from (np.flatnonzero(lung == number) for number in np.unique(lung))


def _step(spacing: Triple, parameters: CRFParameters) -> Triple:
    if parameters.unit == "mm":
        return spacing
    return spacing[0] * 2 / (spacing[1] + spacing[2]), 1.0, 1.0


def _divide(numbers: np.ndarray, divisor: int) -> tuple[np.ndarray, np.ndarray]:
    """Return quotient and remainder; numpy's own functions for both together are several times slower."""
    quotient = numbers // divisor
    return quotient, numbers - divisor * quotient


def _field(
    index: np.ndarray, rows: slice | np.ndarray, grey: np.ndarray, shape: tuple[int, int, int], step: Triple
) -> Field:
    place = np.unravel_index(index, shape)
    low, high = [[int(end(axis)) for axis in place] for end in (np.min, np.max)]
    return Field(
        index=index,
        rows=rows,
        shape=shape,
        origin=tuple(low),
        extent=tuple(last - first + 1 for first, last in zip(low, high, strict=True)),
        step=step,
        grey=grey.reshape(-1, int(np.prod(shape)))[:, index].astype(np.float32),
        is_hu=grey.ndim == 3,
    )
