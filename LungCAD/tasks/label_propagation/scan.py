"""The scan as the computation sees it: in axial order, with lungs, and cropped to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy.ndimage import distance_transform_edt

from LungCAD.errors import InputError
from LungCAD.images import from_axial, image_like, spacing_zyx, to_axial
from LungCAD.labels import Schema
from LungCAD.lungs import cut_warning, segment_lungs
from LungCAD.progress import Progress
from LungCAD.tasks.box import Box
from LungCAD.tasks.label_propagation.inputs import LabelPropagationInputs

FILTER_MARGIN = (0, 16, 16)
"""Voxels (z, y, x) kept around the lungs: room for the texture filters."""


@dataclass(frozen=True)
class LungScan:
    """Arrays (z, y, x) in axial order, feet first.

    ct : the input; axial : the same, axes swapped and flipped.
    drawn : uint8, whole volume, values of the schema.
    lungs : uint8, whole volume, 0 outside, 1 right, 2 left; includes what was drawn.
    box : around the lungs; hu : float32, inside the box.
    warnings : understandable sentences.
    """

    ct: sitk.Image
    axial: sitk.Image
    drawn: np.ndarray
    lungs: np.ndarray
    box: Box
    hu: np.ndarray
    warnings: tuple[str, ...]

    @classmethod
    def prepare(cls, inputs: LabelPropagationInputs, schema: Schema, progress: Progress) -> LungScan:
        """Find the lungs where none are given, and bring everything into axial order.

        Raises InputError where no lung is in view or the regions lie wholly outside.
        """
        field = inputs.lungs
        if field is None:
            field = segment_lungs(inputs.ct, progress=progress)
        axial = to_axial(inputs.ct)
        drawn = axial_array(inputs.rois).astype(np.uint8)
        drawn[drawn == schema.ignore_value] = 0
        lungs, warnings = _include_drawn(axial_array(field).astype(np.uint8), drawn, spacing_zyx(axial))
        warnings += (*cut_warning(sitk.GetArrayViewFromImage(axial), lungs),)
        box = Box.around(lungs > 0, FILTER_MARGIN)
        hu = box.crop(sitk.GetArrayViewFromImage(axial)).astype(np.float32)
        return cls(inputs.ct, axial, drawn, lungs, box, hu, warnings)

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance of voxels (z, y, x) in mm."""
        return spacing_zyx(self.axial)

    def restore(self, array: np.ndarray) -> sitk.Image:
        """Return an array of the whole volume on the grid of the input."""
        return from_axial(image_like(array, self.axial), self.ct)

    def restore_box(self, array: np.ndarray) -> sitk.Image:
        """Return an array (z, y, x) or (C, z, y, x) of the box on the grid of the input, 0 outside."""
        return from_axial(self.box.restore(array, self.axial), self.ct)


def axial_array(image: sitk.Image) -> np.ndarray:
    """Return the values of an image in axial order (z, y, x)."""
    return sitk.GetArrayFromImage(to_axial(image))


def extend_lungs(lungs: np.ndarray, outside: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """Return the lungs (0, 1, 2) grown by the voxels `outside`, each belonging to the nearest lung.

    Arrays are (z, y, x); spacing : of their voxels in mm, as slices may be far apart.
    """
    box = Box.around(outside | (lungs > 0), (0, 0, 0))
    part, wanted = box.crop(lungs), box.crop(outside)
    nearest = distance_transform_edt(part == 0, spacing, return_distances=False, return_indices=True)
    extended = lungs.copy()
    box.crop(extended)[wanted] = part[tuple(index[wanted] for index in nearest)]
    return extended


def _include_drawn(
    lungs: np.ndarray, drawn: np.ndarray, spacing: tuple[float, float, float]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Extend the lungs by what was drawn outside: the reader knows better than the lung field."""
    outside = (drawn > 0) & (lungs == 0)
    count, total = np.count_nonzero(outside), np.count_nonzero(drawn)
    if not count:
        return lungs, ()
    if count == total:
        raise InputError(
            "drawn regions", "lie wholly outside the lung", "Draw inside the lung, or give a lung mask"
        )
    sentence = f"Drawn voxels outside the lung field: {count} of {total}; the field was extended"
    return extend_lungs(lungs, outside, spacing), (sentence,)
