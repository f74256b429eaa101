"""The grid that every scan is brought to, its six regions, and where its voxels lie in the scan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
import torch
from numpy.typing import NDArray

from LungCAD.images.geometry import physical_points, to_axial
from LungCAD.lungs import ZONES

SHAPE = (216, 256, 256)
"""Voxels of the grid along z, y, x: 512 x 512 x 432 halved (SAPSAM, section 2.3)."""

HALVED = 2

AXES = ("axial", "coronal", "sagittal")
"""Directions of projection, in the order of the array axis that each removes: z, y, x."""

REGIONS = tuple(name.replace(" ", "_") for name in ZONES)
"""right_upper, right_middle, right_lower, left_upper, left_middle, left_lower, in the patient's own terms."""

SIDES, THIRDS = 2, 3


def region_box(region: int, shape: tuple[int, int, int] = SHAPE) -> tuple[slice, slice, slice]:
    """Return the box (z, y, x) of a region, an index of `REGIONS`: one half of x, one third of z, all of y.

    In the grid z ascends towards the head and x towards the patient's left, therefore the right lung has the
    low columns and the upper regions have the high layers. In `SHAPE` a box has 72 x 256 x 128 voxels.
    """
    side, from_top = divmod(region, THIRDS)
    third, half = shape[0] // THIRDS, shape[2] // SIDES
    low = (THIRDS - 1 - from_top) * third
    return slice(low, low + third), slice(None), slice(side * half, (side + 1) * half)


@dataclass(frozen=True)
class ProjectionGrid:
    """A grid that covers a scan exactly, voxel borders on voxel borders, and the way between both.

    Indices are (z, y, x), fractions allowed, and name the centres of voxels. `scan` indices are those of the
    scan after `images.geometry.to_axial`: feet first, then front to back, then the patient's right to left.

    Attributes
    ----------
    scan_shape : voxels (z, y, x) of the scan in that orientation.
    scan_spacing : of them in mm (z, y, x).
    shape : voxels (z, y, x) of the grid; z a multiple of 3, x of 2.
    """

    scan_shape: tuple[int, int, int]
    scan_spacing: tuple[float, float, float]
    shape: tuple[int, int, int] = SHAPE

    @classmethod
    def of(cls, ct: sitk.Image) -> ProjectionGrid:
        """Return the published grid over a 3-D scan of any orientation."""
        axial = to_axial(ct)
        return cls(axial.GetSize()[::-1], axial.GetSpacing()[::-1])

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Size of the grid's voxels in mm (z, y, x)."""
        return tuple(float(v) for v in self._step * self.scan_spacing)

    @property
    def _step(self) -> NDArray[np.float64]:
        """Voxels of the scan for each voxel of the grid."""
        return np.array(self.scan_shape) / self.shape

    def to_scan(self, indices: NDArray) -> NDArray[np.float64]:
        """Return where in the scan the grid's `indices` (N, 3) lie."""
        return (np.asarray(indices, float) + 0.5) * self._step - 0.5

    def from_scan(self, indices: NDArray) -> NDArray[np.float64]:
        """Return where in the grid the scan's `indices` (N, 3) lie; undoes `to_scan`."""
        return (np.asarray(indices, float) + 0.5) / self._step - 0.5

    def points(self, indices: NDArray, ct: sitk.Image) -> NDArray[np.float64]:
        """Return LPS positions (N, 3) in mm of the grid's `indices` (N, 3) in the scan it was made of."""
        return physical_points(to_axial(ct), self.to_scan(indices))

    def resample(self, ct: sitk.Image) -> torch.Tensor:
        """Return the scan on the grid: float32 HU (z, y, x), in the memory of a few slices besides.

        Linear interpolation to twice the grid (512 x 512 x 432), then the mean of every 2 x 2 x 2 voxels.
        Both are one linear map along each axis, so that the large volume never exists.
        """
        axial = to_axial(ct)  # kept: a view does not keep its image
        volume = sitk.GetArrayViewFromImage(axial)
        along_z, along_y, along_x = map(_resize_and_halve, volume.shape, self.shape)
        grid = torch.empty(self.shape)
        for layer, weights in zip(grid, along_z, strict=True):
            needed = torch.nonzero(weights).ravel()
            slices = torch.from_numpy(np.asarray(volume[needed.numpy()], np.float32))
            mixed = torch.tensordot(weights[needed], slices, dims=1)
            layer.copy_(along_y @ mixed @ along_x.T)
        return grid

    def to_scan_volume(self, values: torch.Tensor) -> NDArray[np.float32]:
        """Return `values` (z, y, x) of the grid on the scan's voxels (z, y, x), linearly interpolated."""
        scan = torch.nn.functional.interpolate(
            values[None, None].float(), self.scan_shape, mode="trilinear", align_corners=False
        )
        return scan[0, 0].numpy()


def _resize_and_halve(count: int, target: int) -> torch.Tensor:
    """Return the weights (target, count) of linear interpolation to 2 target samples and of their halving."""
    fine = HALVED * target
    position = np.clip((np.arange(fine) + 0.5) * count / fine - 0.5, 0, count - 1)
    low = np.minimum(position.astype(int), max(count - 2, 0))
    rest = position - low
    weights = np.zeros((fine, count), np.float32)
    np.add.at(weights, (np.arange(fine), low), 1 - rest)
    np.add.at(weights, (np.arange(fine), np.minimum(low + 1, count - 1)), rest)
    return torch.from_numpy(weights.reshape(target, HALVED, count).mean(axis=1))
