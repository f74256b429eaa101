"""Put a picture of any size into a square for a network, and what the network says back into the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.transform import resize


@dataclass(frozen=True)
class Square:
    """A square of `side` pixels that holds a picture of `shape` (Y, X) in its middle, aspect ratio kept."""

    shape: tuple[int, int]
    side: int

    @property
    def inner(self) -> tuple[slice, slice]:
        """Where in the square the picture lies."""
        longest = max(self.shape)
        sizes = [max(1, round(length * self.side / longest)) for length in self.shape]
        starts = [(self.side - size) // 2 for size in sizes]
        return slice(starts[0], starts[0] + sizes[0]), slice(starts[1], starts[1] + sizes[1])

    def put(self, picture: NDArray) -> NDArray[np.float32]:
        """Return the picture (Y, X) in the square, smoothed where it shrinks; 0 beside it."""
        rows, columns = self.inner
        inner = (rows.stop - rows.start, columns.stop - columns.start)
        square = np.zeros((self.side, self.side), np.float32)
        square[rows, columns] = resize(np.asarray(picture, np.float32), inner, order=1, anti_aliasing=True)
        return square

    def take(self, square: NDArray) -> NDArray[np.float32]:
        """Return what lies over the picture, interpolated to its pixels (Y, X)."""
        return resize(np.asarray(square, np.float32)[self.inner], self.shape, order=1, anti_aliasing=False)
