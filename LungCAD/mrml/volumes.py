"""Volume nodes and images."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util import numpy_support

from LungCAD.errors import InputError
from LungCAD.images import copy_fractions
from LungCAD.images.geometry import SAME_MM
from LungCAD.mrml.geometry import as_matrix, ijk_to_ras, set_geometry, volume_to_world
from LungCAD.mrml.nodes import is_present, place_beside, present_or_new
from LungCAD.steps import Steps, copy_in_chunks, finish
from LungCAD.worker.image_files import PlacedVoxels, array_image_in_steps

SAMPLES_PER_AXIS = 64
"""Voxels looked at along each axis to choose how a volume is shown."""


def image_from_volume(volume: slicer.vtkMRMLVolumeNode) -> sitk.Image:
    """Return a copy of the volume in world coordinates: linear transforms above the node are applied.

    The voxels keep their values and their order; any IJKToRAS matrix with perpendicular axes is kept to
    1e-4 mm, left-handed ones included.

    Raises
    ------
    InputError
        The volume is empty, has several values per voxel, slanting axes, or lies under a transform that is
        not linear.
    """
    return finish(image_in_steps(volume))


def image_in_steps(volume: slicer.vtkMRMLVolumeNode) -> Steps[sitk.Image]:
    """Do as `image_from_volume`, yielding fractions."""
    return (yield from image_at_in_steps(volume, voxels_of(volume)))


def blank_image(volume: slicer.vtkMRMLVolumeNode) -> sitk.Image:
    """Return a uint8 image of zeros with the size and place of the volume; raises as `image_from_volume`."""
    image = sitk.Image([*voxels_of(volume).shape[::-1]], sitk.sitkUInt8)
    set_geometry(image, volume_to_world(volume))
    return image


def image_at(volume: slicer.vtkMRMLVolumeNode, array: NDArray) -> sitk.Image:
    """Return an array (z, y, x) of the volume's size as an image at its place; raises as `blank_image`."""
    return finish(image_at_in_steps(volume, array))


def image_at_in_steps(volume: slicer.vtkMRMLVolumeNode, array: NDArray) -> Steps[sitk.Image]:
    """Do as `image_at`, yielding fractions."""
    matrix = volume_to_world(volume)
    image = yield from array_image_in_steps(array)
    set_geometry(image, matrix)
    return image


def placed_voxels(volume: slicer.vtkMRMLVolumeNode) -> PlacedVoxels:
    """Return the volume as a job of the worker takes it, without a copy; raises as `image_from_volume`."""
    voxels = voxels_of(volume)
    return PlacedVoxels(voxels, image_at(volume, voxels[:1, :1, :1]))


def voxels_of(volume: slicer.vtkMRMLVolumeNode) -> NDArray:
    """Return a view (z, y, x) into the volume's memory, not a copy.

    Raises
    ------
    InputError
        The volume is empty, or has several values per voxel.
    """
    data = volume.GetImageData()
    if data is None or not data.GetNumberOfPoints() or data.GetPointData().GetScalars() is None:
        raise InputError(volume.GetName(), "holds no voxels", "Load a CT")
    if data.GetNumberOfScalarComponents() > 1:
        problem = "has several values per voxel (colour or vectors)"
        raise InputError(volume.GetName(), problem, "Choose a grey-level volume")
    return array_view(data)


def array_view(data: vtk.vtkImageData) -> NDArray:
    """Return the scalars of VTK image data as a view (z, y, x), one component per voxel."""
    scalars = numpy_support.vtk_to_numpy(data.GetPointData().GetScalars())
    return scalars.reshape(data.GetDimensions()[::-1])


def allocate(data: vtk.vtkImageData, shape: tuple[int, int, int], dtype: np.dtype) -> NDArray:
    """Give `data` memory for (z, y, x) voxels of this type, and return the view into it."""
    data.SetDimensions(*shape[::-1])
    data.AllocateScalars(numpy_support.get_vtk_array_type(dtype), 1)
    return array_view(data)


def volume_from_image(
    image: sitk.Image,
    name: str,
    node: slicer.vtkMRMLScalarVolumeNode | None = None,
    reference: slicer.vtkMRMLVolumeNode | None = None,
) -> slicer.vtkMRMLScalarVolumeNode:
    """Show a 3-D scalar image as a scalar volume, in a new node or in the given one.

    The image is copied. With `reference`, the volume that the image was computed from, the new one takes
    exactly its place: its matrix, its transform, its study. Else the image's own place in the world is taken.
    The node is modified once.

    Raises
    ------
    InputError
        `reference` no longer lies where the image was computed.
    """
    return finish(volume_in_steps(image, name, node, reference))


def volume_in_steps(
    image: sitk.Image,
    name: str,
    node: slicer.vtkMRMLScalarVolumeNode | None = None,
    reference: slicer.vtkMRMLVolumeNode | None = None,
    window: tuple[float, float] | None = None,
    fractions: bool = False,
) -> Steps[slicer.vtkMRMLScalarVolumeNode]:
    """Do as `volume_from_image`, yielding fractions; the scene changes in the last step only.

    A new display shows values from black to white as `window` says (lowest, highest). With `fractions` the
    image holds values 0..1, as floats or in bytes (`LungCAD.images.to_bytes`), and the volume floats.
    """
    source = sitk.GetArrayViewFromImage(image)
    data = vtk.vtkImageData()
    if fractions:
        yield from copy_fractions(source, allocate(data, source.shape, np.dtype(np.float32)))
    else:
        yield from copy_in_chunks(source, allocate(data, source.shape, source.dtype))
    matrix = as_matrix(ijk_to_ras(image)) if reference is None else matching_matrix(image, reference)
    node = present_or_new(node, "vtkMRMLScalarVolumeNode", name)
    if node.GetDisplayNode() is None:
        _add_display(node, window or _usual_window(source))
    with slicer.util.NodeModify(node):
        if reference is None:
            node.SetAndObserveTransformNodeID(None)
        else:
            place_beside(node, reference)
        node.SetIJKToRASMatrix(matrix)
        node.SetAndObserveImageData(data)
    return node


def matching_matrix(image: sitk.Image, reference: slicer.vtkMRMLVolumeNode) -> vtk.vtkMatrix4x4:
    """Return the IJKToRAS matrix of the volume, whose voxels must lie where those of the image lie.

    Raises
    ------
    InputError
        They do not, or the volume has left the scene.
    """
    if not is_present(reference):
        raise InputError(reference.GetName(), "is no longer in the scene", "Load it and run again")
    size = np.array(image.GetSize())
    drift = np.abs(ijk_to_ras(image) - volume_to_world(reference))[:3]
    if image.GetSize() != voxels_of(reference).shape[::-1] or (drift @ [*size, 1]).max() > SAME_MM:
        problem = "does not lie where the result was computed: it was moved or changed since"
        raise InputError(reference.GetName(), problem, "Run it again")
    matrix = vtk.vtkMatrix4x4()
    reference.GetIJKToRASMatrix(matrix)
    return matrix


def _add_display(node: slicer.vtkMRMLScalarVolumeNode, window: tuple[float, float]) -> None:
    """Add a display while there are no voxels: Slicer's own choice takes seconds for a large volume."""
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    with slicer.util.NodeModify(display):
        display.AutoWindowLevelOff()
        display.SetWindowLevelMinMax(*window)


def _usual_window(voxels: NDArray) -> tuple[float, float]:
    """Return values that all but a few voxels lie between, judged by a sample."""
    sample = voxels[tuple(slice(None, None, max(size // SAMPLES_PER_AXIS, 1)) for size in voxels.shape)]
    low, high = np.percentile(sample, (0.1, 99.9))
    return float(low), float(max(high, low + 1))
