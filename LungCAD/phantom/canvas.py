"""One slice of the phantom while it is painted, organ over organ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from LungCAD.phantom.shapes import Array, Ellipsoid, Tube, coverage

Window = tuple[slice, slice] | tuple[NDArray, NDArray]
"""Rows and columns of some pixels of a slice: a box, or the pixels of `numpy.nonzero`."""
WHOLE = (slice(None), slice(None))


@dataclass
class Canvas:
    """A slice while it is painted, in mm.

    hu : (Y, X). x, y : coordinates (1, X), (Y, 1) of the pixels. z : height of the slice's middle.
    width, thickness : of a pixel and of the slice.
    """

    hu: NDArray[np.float32]
    x: Array
    y: Array
    z: float
    width: float
    thickness: float

    def blend(self, fraction: Array, value: Array | float, window: Window = WHOLE) -> None:
        """Lay tissue of `value` HU over the slice where it fills `fraction` (0..1) of a pixel."""
        self.hu[window] += fraction * (value - self.hu[window])

    def fill(self, distance: Array, value: Array | float, window: Window = WHOLE) -> None:
        """Lay tissue of `value` HU inside a surface given by its signed distance."""
        self.blend(coverage(distance, self.width), value, window)

    def window(self, left: float, right: float, front: float, back: float) -> tuple[slice, slice]:
        """Return the slices (y, x) of the pixels within a box, with a margin of one pixel."""
        x, y = self.x[0], self.y[:, 0]
        margin = self.width
        columns = np.searchsorted(x, (left - margin, right + margin))
        rows = np.searchsorted(y, (front - margin, back + margin))
        return slice(*rows), slice(*columns)

    def coordinates(self, window: tuple[slice, slice]) -> tuple[Array, Array]:
        """Return x (1, n) and y (m, 1) of a window."""
        return self.x[:, window[1]], self.y[window[0]]

    def around(self, shape: Tube | Ellipsoid, margin: float = 0.0) -> tuple[slice, slice] | None:
        """Return the window that a shape can touch in this slice, or None."""
        (left, front, low), (right, back, high) = shape.bounds
        if not low - margin - self.width < self.z < high + margin + self.width:
            return None
        window = self.window(left - margin, right + margin, front - margin, back + margin)
        return window if all(part.start < part.stop for part in window) else None

    def fill_shape(self, shape: Tube | Ellipsoid, value: float, grow: float = 0.0) -> None:
        """Lay tissue of `value` HU inside a tube or ellipsoid, grown by `grow` mm."""
        window = self.around(shape, grow)
        if window is not None:
            x, y = self.coordinates(window)
            self.fill(shape.distance(x, y, np.float32(self.z)) - np.float32(grow), value, window)
