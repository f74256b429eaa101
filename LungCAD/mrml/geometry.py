"""Where the voxels of nodes lie: Slicer's matrices in RAS and SimpleITK's geometry in LPS, in millimetres."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
import slicer
import vtk
from numpy.typing import NDArray

from LungCAD.errors import InputError

RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])

ORTHOGONAL = 1e-3
"""Cosine of the angle between two voxel axes up to which they count as perpendicular (0.06 degrees)."""

SMALLEST_MM = 1e-9
"""Voxels smaller than this have no size."""


def as_array(matrix: vtk.vtkMatrix4x4) -> NDArray[np.float64]:
    """Return the values of a VTK matrix (4, 4)."""
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def as_matrix(array: NDArray[np.float64]) -> vtk.vtkMatrix4x4:
    """Return an array (4, 4) as a VTK matrix."""
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy(np.asarray(array, dtype=float).ravel().tolist())
    return matrix


def node_to_world(node: slicer.vtkMRMLTransformableNode) -> NDArray[np.float64]:
    """Return the RAS matrix (4, 4) of all transforms above the node; the identity where there are none.

    Raises
    ------
    InputError
        One of them is not linear.
    """
    transform = node.GetParentTransformNode()
    if transform is None:
        return np.eye(4)
    if not transform.IsTransformToWorldLinear():
        raise InputError(
            node.GetName(),
            f'lies under the transform "{transform.GetName()}", which bends it',
            "Take it out of the transform, or resample it in the module Transforms (Harden)",
        )
    matrix = vtk.vtkMatrix4x4()
    transform.GetMatrixTransformToWorld(matrix)
    return as_array(matrix)


def volume_to_world(volume: slicer.vtkMRMLVolumeNode) -> NDArray[np.float64]:
    """Return the matrix (4, 4) from voxel index (x, y, z) to world RAS; left-handed ones will do.

    Raises
    ------
    InputError
        Voxels have no size, their axes are not perpendicular, or a transform above is not linear.
    """
    own = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(own)
    matrix = node_to_world(volume) @ as_array(own)
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    if not np.isfinite(matrix).all() or spacing.min() < SMALLEST_MM:
        problem = "has voxels of no size"
        raise InputError(volume.GetName(), problem, "Correct its spacing in the module Volumes")
    direction = matrix[:3, :3] / spacing
    if np.abs(direction.T @ direction - np.eye(3)).max() > ORTHOGONAL:
        raise InputError(
            volume.GetName(),
            "has voxels with slanting axes (a tilted gantry, or a transform that shears or stretches it)",
            "Resample it to perpendicular axes, for example with the module Crop volume",
        )
    return matrix


def set_geometry(image: sitk.Image, ijk_to_ras: NDArray[np.float64]) -> None:
    """Place a 3-D image by a matrix (4, 4) from voxel index (x, y, z) to RAS."""
    matrix = RAS_TO_LPS @ ijk_to_ras
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((matrix[:3, :3] / spacing).ravel().tolist())
    image.SetOrigin(matrix[:3, 3].tolist())


def ijk_to_ras(image: sitk.Image) -> NDArray[np.float64]:
    """Return the matrix (4, 4) from voxel index (x, y, z) of a 3-D image to RAS."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    matrix[:3, 3] = image.GetOrigin()
    return RAS_TO_LPS @ matrix
