"""Put a picture of any size into a square for a network, and what the network says back into the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PLAIN = 0.03
"""Grey levels of a border differ by no more than this part of the range that 90 % of the picture have."""

RIM = 0.05
"""Of a plain border this part of the rest's length stays: it may be tissue that is white all over."""

NARROWEST = 0.7
"""Width over height of a frontal chest, at least; what is narrower shows one half of it."""

SAMPLE = 64
"""That range is taken from so many rows and columns, at least."""


@dataclass(frozen=True)
class Square:
    """A square of `side` pixels that holds a picture of `shape` (Y, X) in its middle, aspect ratio kept.

    borders : rows at the top and at the bottom, columns at the left and at the right that are left out.
    """

    shape: tuple[int, int]
    side: int
    borders: tuple[int, int, int, int] = (0, 0, 0, 0)

    @classmethod
    def without_borders(cls, picture: NDArray[np.float32], side: int) -> Square:
        """Return the square for a picture whose plain borders, but for a rim, are left out."""
        step = max(1, min(picture.shape) // SAMPLE)
        tolerance = PLAIN * float(np.subtract(*np.quantile(picture[::step, ::step], (0.95, 0.05))))
        lines = (picture, picture[::-1], picture.T, picture.T[::-1])
        top, bottom, left, right = borders = [_plain(these, tolerance) for these in lines]
        height, width = picture.shape[0] - top - bottom, picture.shape[1] - left - right
        if height <= 0 or width <= 0:
            return cls(picture.shape, side)
        rim = round(RIM * max(height, width))
        return cls(picture.shape, side, tuple(max(border - rim, 0) for border in borders))

    @property
    def shown(self) -> tuple[slice, slice]:
        """Which part of the picture lies in the square."""
        top, bottom, left, right = self.borders
        return slice(top, self.shape[0] - bottom), slice(left, self.shape[1] - right)

    @property
    def inner(self) -> tuple[slice, slice]:
        """Where in the square the picture lies."""
        lengths = [part.stop - part.start for part in self.shown]
        sizes = [max(1, round(length * self.side / max(lengths))) for length in lengths]
        starts = [(self.side - size) // 2 for size in sizes]
        return slice(starts[0], starts[0] + sizes[0]), slice(starts[1], starts[1] + sizes[1])

    @property
    def inside(self) -> NDArray[np.bool_]:
        """The square (side, side), true where the picture lies."""
        inside = np.zeros((self.side, self.side), bool)
        inside[self.inner] = True
        return inside

    @property
    def middle(self) -> float:
        """The column of the square where the patient's middle is to be looked for.

        It is that of what is shown. What is too narrow for a chest is half of one whose other half was taken
        for a border: then it is the middle of the whole picture, which may lie beside the square.
        """
        rows, columns = self.shown
        width = columns.stop - columns.start
        if width >= NARROWEST * (rows.stop - rows.start):
            return self.side / 2
        inner = self.inner[1]
        return inner.start + (self.shape[1] / 2 - columns.start) * (inner.stop - inner.start) / width

    def put(self, picture: NDArray) -> NDArray[np.float32]:
        """Return the picture (Y, X) in the square: the mean of what a pixel covers where it shrinks, linear
        interpolation where it grows; 0 beside it.
        """
        return self._fill(scaled(picture[self.shown], self._inner_shape))

    def put_labels(self, labels: NDArray) -> NDArray:
        """Return labels (Y, X) in the square, every pixel the nearest one's value; 0 beside them."""
        return self._fill(scaled(labels[self.shown], self._inner_shape, nearest=True))

    def take(self, square: NDArray) -> NDArray[np.float32]:
        """Return what lies over the picture, interpolated to its pixels (Y, X); 0 on borders left out."""
        return self._spread(square, nearest=False)

    def take_labels(self, square: NDArray) -> NDArray:
        """Return the labels that lie over the picture (Y, X), every pixel the nearest one's value."""
        return self._spread(square, nearest=True)

    @property
    def _inner_shape(self) -> tuple[int, int]:
        rows, columns = self.inner
        return rows.stop - rows.start, columns.stop - columns.start

    def _spread(self, square: NDArray, nearest: bool) -> NDArray:
        shape = tuple(part.stop - part.start for part in self.shown)
        inner = scaled(square[self.inner], shape, nearest)
        top, bottom, left, right = self.borders
        return np.pad(inner, ((top, bottom), (left, right))) if any(self.borders) else inner

    def _fill(self, inner: NDArray) -> NDArray:
        square = np.zeros((self.side, self.side), inner.dtype)
        square[self.inner] = inner
        return square


def scaled(picture: NDArray, shape: tuple[int, int], nearest: bool = False) -> NDArray:
    """Return a picture (Y, X) with another number of pixels over the same field; uint8 where `nearest`."""
    values = np.ascontiguousarray(picture, np.uint8 if nearest else np.float32)
    method = Image.Resampling.NEAREST if nearest else Image.Resampling.BILINEAR
    return np.array(Image.fromarray(values).resize(shape[::-1], method))


def _plain(lines: NDArray[np.float32], tolerance: float) -> int:
    """Return how many of the first lines are all of one grey level."""
    level = lines[0].mean()
    for number, line in enumerate(lines):
        if np.abs(line - level).max() > tolerance:
            return number
    return len(lines)
