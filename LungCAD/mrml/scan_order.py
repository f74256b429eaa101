"""Which scan a volume holds, in whichever order its slices lie.

Slicer stores the slices of a left-handed volume the other way round when it loads it again. It is the same
scan: it is told by its voxels in the order in which Slicer loads them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
import slicer
import vtk

from LungCAD.images import turned_round
from LungCAD.mrml.geometry import as_array
from LungCAD.mrml.volumes import image_in_steps, voxels_of
from LungCAD.review import case_pseudonym_in_steps
from LungCAD.steps import Steps


@dataclass(frozen=True)
class Identity:
    """case : pseudonym of the scan. backwards : whether it is told by the volume's last slice first."""

    case: str
    backwards: bool


def is_left_handed(volume: slicer.vtkMRMLVolumeNode) -> bool:
    """Tell whether Slicer would turn the volume round when it loads it; transforms above it do not matter."""
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return bool(np.linalg.det(as_array(matrix)) < 0)


def identify_in_steps(
    volume: slicer.vtkMRMLVolumeNode, is_known: Callable[[str], bool] = lambda case: False
) -> Steps[Identity]:
    """Return who the scan is, yielding fractions.

    is_known : tells of a pseudonym whether it is in use. Where that of the other order is and the usual one
        is not, as after a review of a left-handed volume by an earlier LungCAD, the other one is returned.
    """
    voxels, usual = voxels_of(volume), is_left_handed(volume)
    found = []
    for backwards in (usual, not usual):
        case = yield from case_pseudonym_in_steps(voxels[::-1] if backwards else voxels)
        found.append(Identity(case, backwards))
        if is_known(case):
            return found[-1]
    return found[0]


def image_as_loaded_in_steps(volume: slicer.vtkMRMLVolumeNode) -> Steps[sitk.Image]:
    """Do as `image_in_steps`, but in the order in which Slicer loads the volume."""
    return (yield from as_loaded_in_steps(image_in_steps(volume), volume))


def as_loaded_in_steps(steps: Steps[sitk.Image], volume: slicer.vtkMRMLVolumeNode) -> Steps[sitk.Image]:
    """Take the steps that make an image on the grid of the volume, and do as `as_loaded`."""
    image = yield from steps
    return as_loaded(image, volume)


def as_loaded(image: sitk.Image, volume: slicer.vtkMRMLVolumeNode) -> sitk.Image:
    """Return an image on the grid of the volume in the order in which Slicer loads it; undoes itself."""
    return turned_round(image) if is_left_handed(volume) else image
