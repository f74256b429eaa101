"""The 27 rotations by which every scan is shown (SAPSAM, section 2.3)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEP_DEGREES = 5.0


@dataclass(frozen=True)
class Rotation:
    """A turn about the middle of the grid, in degrees about the axes x, y and z, applied in this order.

    In steps of voxels and with the signs of `scipy.ndimage.rotate`: about x is ``rotate(v, x, axes=(0, 1))``,
    about y ``axes=(0, 2)``, about z ``axes=(1, 2)``.
    """

    x: float = 0.0
    y: float = 0.0
    z: float = 0.0

    @property
    def is_identity(self) -> bool:
        """Whether nothing is turned."""
        return (self.x, self.y, self.z) == (0.0, 0.0, 0.0)

    @property
    def matrix(self) -> NDArray[np.float64]:
        """The matrix (3, 3) from a place (z, y, x) in the turned volume to the original, about the middle."""
        return _about(0, 1, self.x) @ _about(0, 2, self.y) @ _about(1, 2, self.z)

    def to_original(self, indices: NDArray, shape: tuple[int, int, int]) -> NDArray[np.float64]:
        """Return where in the original volume the turned volume's `indices` (N, 3), order (z, y, x), lie."""
        middle = (np.array(shape) - 1) / 2
        return (np.asarray(indices, float) - middle) @ self.matrix.T + middle

    def from_original(self, indices: NDArray, shape: tuple[int, int, int]) -> NDArray[np.float64]:
        """Return where in the turned volume the original's `indices` (N, 3) lie; undoes `to_original`."""
        middle = (np.array(shape) - 1) / 2
        return (np.asarray(indices, float) - middle) @ self.matrix + middle


ROTATIONS = tuple(
    Rotation(*angles) for angles in itertools.product((0.0, -STEP_DEGREES, STEP_DEGREES), repeat=3)
)
"""All 27; the first turns nothing."""


def _about(first: int, second: int, degrees: float) -> NDArray[np.float64]:
    """Return the rotation in the plane of two array axes."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = cosine
    matrix[first, second], matrix[second, first] = sine, -sine
    return matrix
