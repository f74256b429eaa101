"""Put a picture of any size into a square for a network, and what the network says back into the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image


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

    @property
    def inside(self) -> NDArray[np.bool_]:
        """The square (side, side), true where the picture lies."""
        inside = np.zeros((self.side, self.side), bool)
        inside[self.inner] = True
        return inside

    def put(self, picture: NDArray) -> NDArray[np.float32]:
        """Return the picture (Y, X) in the square: the mean of what a pixel covers where it shrinks, linear
        interpolation where it grows; 0 beside it.
        """
        return self._fill(scaled(picture, self._inner_shape))

    def put_labels(self, labels: NDArray) -> NDArray:
        """Return labels (Y, X) in the square, every pixel the nearest one's value; 0 beside them."""
        return self._fill(scaled(labels, self._inner_shape, nearest=True))

    def take(self, square: NDArray) -> NDArray[np.float32]:
        """Return what lies over the picture, interpolated to its pixels (Y, X)."""
        return scaled(square[self.inner], self.shape)

    def take_labels(self, square: NDArray) -> NDArray:
        """Return the labels that lie over the picture (Y, X), every pixel the nearest one's value."""
        return scaled(square[self.inner], self.shape, nearest=True)

    @property
    def _inner_shape(self) -> tuple[int, int]:
        rows, columns = self.inner
        return rows.stop - rows.start, columns.stop - columns.start

    def _fill(self, inner: NDArray) -> NDArray:
        square = np.zeros((self.side, self.side), inner.dtype)
        square[self.inner] = inner
        return square


def scaled(picture: NDArray, shape: tuple[int, int], nearest: bool = False) -> NDArray:
    """Return a picture (Y, X) with another number of pixels over the same field; uint8 where `nearest`."""
    values = np.ascontiguousarray(picture, np.uint8 if nearest else np.float32)
    method = Image.Resampling.NEAREST if nearest else Image.Resampling.BILINEAR
    return np.array(Image.fromarray(values).resize(shape[::-1], method))
