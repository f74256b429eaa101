"""Where voxels lie: geometry of images with any direction matrix, in LPS millimetres as SimpleITK has it."""

from __future__ import annotations

import itertools

import numpy as np
import SimpleITK as sitk
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

from LungCAD.errors import InputError

SAME_MM = 1e-3
"""Two images whose corners agree to this many millimetres lie on the same grid."""

MOST_TILT_DEGREES = 30.0
"""Out of the body's axes; gantries tilt by up to that."""


def affine(image: sitk.Image) -> NDArray[np.float64]:
    """Return the (d+1, d+1) matrix from voxel index (x, y, z) to LPS millimetres."""
    d = image.GetDimension()
    matrix = np.eye(d + 1)
    matrix[:d, :d] = np.reshape(image.GetDirection(), (d, d)) * image.GetSpacing()
    matrix[:d, d] = image.GetOrigin()
    return matrix


def physical_points(image: sitk.Image, indices_zyx: ArrayLike) -> NDArray[np.float64]:
    """Return LPS positions (n, 3) in mm of array indices (n, 3), ordered (z, y, x); fractions are allowed."""
    indices = np.asarray(indices_zyx, dtype=float).reshape(-1, 3)[:, ::-1]
    matrix = affine(image)
    return indices @ matrix[:3, :3].T + matrix[:3, 3]


def corners(image: sitk.Image) -> NDArray[np.float64]:
    """Return the LPS positions (2^d, d) of the centres of the corner voxels."""
    d = image.GetDimension()
    ends = np.array(list(itertools.product(*((0, size - 1) for size in image.GetSize()))), dtype=float)
    matrix = affine(image)
    return ends @ matrix[:d, :d].T + matrix[:d, d]


def same_geometry(a: sitk.Image, b: sitk.Image, tolerance_mm: float = SAME_MM) -> bool:
    """Tell whether both images have the same size and their voxels lie at the same places."""
    if a.GetSize() != b.GetSize():
        return False
    # One slice has no corners along its axis: compare spacings and directions there as well.
    close = np.abs(affine(a) - affine(b)).max() <= tolerance_mm
    return bool(close and np.abs(corners(a) - corners(b)).max() <= tolerance_mm)


def spacing_zyx(image: sitk.Image) -> tuple[float, float, float]:
    """Return the distance of voxels in mm in the order of NumPy's axes."""
    x, y, z = image.GetSpacing()
    return z, y, x


def axial_axis(image: sitk.Image) -> int:
    """Return the index axis of a 3-D image (0 = x, 1 = y, 2 = z) nearest to the patient's long axis.

    Of an image of one slice, such as a radiograph of a standing patient, the axis across that slice.
    """
    single = [axis for axis, size in enumerate(image.GetSize()) if size == 1]
    return single[0] if len(single) == 1 else patient_axes(image)[0][2]


def to_axial(image: sitk.Image) -> sitk.Image:
    """Return the image with axes swapped and flipped to run nearest to left, posterior, superior.

    No voxel changes its value or its place: slices along array axis 0 are then the (near-)axial ones,
    feet first. `from_axial` undoes it.
    """
    order, flips = patient_axes(image)
    return _flipped(_permuted(image, order), flips)


def from_axial(axial: sitk.Image, like: sitk.Image) -> sitk.Image:
    """Return `axial`, an image on the grid of ``to_axial(like)``, on the grid of `like`, exactly.

    Raises
    ------
    ValueError
        `axial` does not lie on the grid of ``to_axial(like)``.
    """
    order, flips = patient_axes(like)
    image = sitk.Image(_permuted(_flipped(axial, flips), [order.index(axis) for axis in range(3)]))
    if not same_geometry(image, like):
        raise ValueError("axial: does not lie on the grid of to_axial(like)")
    image.CopyInformation(like)
    return image


def turned_round(image: sitk.Image) -> sitk.Image:
    """Return the 3-D image with its last axis stored the other way round; no voxel changes its place."""
    return sitk.Flip(image, (False, False, True))


def tilt_degrees(image: sitk.Image) -> float:
    """Return by how much the image is turned out of the patient's axes, in degrees (0 = not oblique)."""
    direction = np.abs(np.reshape(image.GetDirection(), (3, 3)))
    return float(np.degrees(np.arccos(min(direction.max(axis=0).min(), 1.0))))


def slice_tilt_degrees(image: sitk.Image) -> float:
    """Return by how much the slices are turned out of the axial plane, in degrees; within it is no matter."""
    along = np.reshape(image.GetDirection(), (3, 3))[2, axial_axis(image)]
    return float(np.degrees(np.arccos(min(abs(along), 1.0))))


def require_little_tilt(degrees: float) -> None:
    """Raise InputError where a CT lies so obliquely that its slices show another anatomy than axial ones."""
    if degrees > MOST_TILT_DEGREES:
        raise InputError(
            "CT", f"is turned by {degrees:.0f} degrees out of the body's axes", "Reformat it axially"
        )


def place_on_grid(image: sitk.Image, reference: sitk.Image, tolerance: float = 1e-2) -> sitk.Image:
    """Return the 3-D scalar `image` on the grid of `reference`, 0 where it does not reach.

    The image may cover a part of the reference or more, and its axes may be swapped and flipped, as long as
    its voxels lie on voxels of the reference to `tolerance` (in voxels): nothing is interpolated.

    Raises
    ------
    ValueError
        The voxels do not coincide, or voxels other than 0 lie outside the reference.
    """
    to_reference = np.linalg.inv(affine(reference)) @ affine(image)
    array = sitk.GetArrayViewFromImage(image)
    placed = np.zeros(reference.GetSize()[::-1], dtype=array.dtype)
    box, covered = overlap(array, to_reference, placed.shape, tolerance)
    placed[box] = covered
    return image_like(placed, reference)


def overlap(
    array: NDArray, to_reference: NDArray[np.float64], shape: tuple[int, ...], tolerance: float = 1e-2
) -> tuple[tuple[slice, ...], NDArray]:
    """Return where an array (z, y, x) lies in a reference of `shape`, and the view of it that lies there.

    `to_reference` is the matrix (4, 4) from voxel index (x, y, z) of the array to that of the reference; the
    rest is as `place_on_grid`.
    """
    turn = np.rint(to_reference[:3, :3])
    wander = np.abs(to_reference[:3, :3] - turn) @ (np.array(array.shape[::-1]) - 1)
    start = np.rint(to_reference[:3, 3])
    if (
        not np.array_equal(np.abs(turn).sum(axis=0), [1, 1, 1])
        or not np.array_equal(np.abs(turn).sum(axis=1), [1, 1, 1])
        or (wander + np.abs(to_reference[:3, 3] - start)).max() > tolerance
        or np.abs(to_reference[:3, :3] - turn).max() > tolerance
    ):
        raise ValueError("image: its voxels do not lie on those of the reference")
    order = np.abs(turn).argmax(axis=1)  # the array's axis along each axis of the reference
    backwards = turn[range(3), order] < 0
    aligned = np.flip(array.transpose(2 - order[::-1]), np.flatnonzero(backwards[::-1]))
    corner = start.astype(int)[::-1] - np.where(backwards[::-1], np.array(aligned.shape) - 1, 0)
    begin = np.maximum(corner, 0)
    end = np.maximum(np.minimum(corner + aligned.shape, shape), begin)
    covered = aligned[tuple(map(slice, begin - corner, end - corner))]
    if covered.size < array.size and np.count_nonzero(covered) < np.count_nonzero(array):
        raise ValueError("image: reaches beyond the reference")
    return tuple(map(slice, begin, end)), covered


def image_like(array: NDArray, reference: sitk.Image) -> sitk.Image:
    """Return the array (z, y, x), or (z, y, x, components), as an image with the geometry of `reference`."""
    image = sitk.GetImageFromArray(array, isVector=array.ndim > reference.GetDimension())
    image.CopyInformation(reference)
    return image


def _permuted(image: sitk.Image, order: list[int]) -> sitk.Image:
    """Most images lie as wanted: then nothing is copied."""
    return image if order == [0, 1, 2] else sitk.PermuteAxes(image, order)


def _flipped(image: sitk.Image, flips: list[bool]) -> sitk.Image:
    return sitk.Flip(image, flips) if any(flips) else image


def patient_axes(image: sitk.Image) -> tuple[list[int], list[bool]]:
    """Return the index axis nearest to each patient axis, and whether it runs against it."""
    direction = np.reshape(image.GetDirection(), (3, 3))
    order = linear_sum_assignment(-np.abs(direction))[1]
    return [int(axis) for axis in order], [bool(direction[row, axis] < 0) for row, axis in enumerate(order)]
