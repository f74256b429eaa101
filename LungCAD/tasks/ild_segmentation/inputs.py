"""The images that the segmentation works on: what is wrong with them, and how they are brought into order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.images import (
    ScanFacts,
    from_axial,
    image_like,
    require_ct,
    require_little_tilt,
    same_geometry,
    slice_tilt_degrees,
    spacing_zyx,
    to_axial,
)
from LungCAD.lungs import lung_zones, require_sides, segment_lungs
from LungCAD.progress import Progress
from LungCAD.report.slices import AxialStack
from LungCAD.tasks.ild_segmentation.slices import chosen_slices


@dataclass(frozen=True)
class IldSegmentationInputs:
    """Images of one case.

    ct : Hounsfield units, 3-D (one slice is a volume of depth 1), any direction.
    lungs : 0 outside, 1 right, 2 left lung, on the grid of the CT; segmented here when None.
    facts : what the scan says of its kernel and slice thickness.
    """

    ct: sitk.Image
    lungs: sitk.Image | None = None
    facts: ScanFacts | None = None


@dataclass(frozen=True)
class IldScan:
    """The case in axial order, feet first.

    ct : as given. axial : the same, axes swapped and flipped.
    field : (z, y, x) uint8, 0 outside, 1 right, 2 left. lungs : the same, 0 on slices that are not to be
    segmented.
    zones : (z, y, x) uint8, as `lung_zones`, of what is left of the lungs.
    skipped : slices with lung that are not to be segmented.
    """

    ct: sitk.Image
    axial: sitk.Image
    field: NDArray[np.uint8]
    lungs: NDArray[np.uint8]
    zones: NDArray[np.uint8]
    skipped: int

    @classmethod
    def prepare(cls, inputs: IldSegmentationInputs, slices: str, progress: Progress) -> IldScan:
        """Find the lungs where none are given.

        Raises InputError where no lung is in view, none on the chosen slices, or `slices` names none.
        """
        axial = to_axial(inputs.ct)
        chosen = _chosen(slices, inputs.ct)
        field = to_axial(
            segment_lungs(inputs.ct, progress=progress) if inputs.lungs is None else inputs.lungs
        )
        whole, zones = (
            sitk.GetArrayFromImage(image).astype(np.uint8) for image in (field, lung_zones(field))
        )
        lungs = np.where(chosen[:, None, None], whole, np.uint8(0))
        zones[~chosen] = 0
        if not lungs.any():
            raise InputError("slices", f"{slices} show no lung", "Choose slices through the lungs")
        skipped = int(np.count_nonzero(whole.any((1, 2)) & ~chosen))
        return cls(inputs.ct, axial, whole, lungs, zones, skipped)

    @property
    def hu(self) -> NDArray:
        """The CT as a read-only view (z, y, x)."""
        return sitk.GetArrayViewFromImage(self.axial)

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance of voxels (z, y, x) in mm."""
        return spacing_zyx(self.axial)

    @property
    def inside(self) -> NDArray[np.bool_]:
        """The lung (z, y, x)."""
        return self.lungs > 0

    def restore(self, array: NDArray) -> sitk.Image:
        """Return an array (z, y, x) on the grid of the CT."""
        return from_axial(image_like(array, self.axial), self.ct)

    def spread(self, values: NDArray) -> sitk.Image:
        """Return values (N,) of the lung's voxels in raster order on the grid of the CT, 0 elsewhere."""
        array = np.zeros(self.lungs.shape, values.dtype)
        array[self.inside] = values
        return self.restore(array)


def check_inputs(inputs: IldSegmentationInputs) -> None:
    """Raise InputError where the CT is not in HU or lies too obliquely, or the lung mask does not fit."""
    require_ct(inputs.ct, "CT")
    require_little_tilt(slice_tilt_degrees(inputs.ct))
    if inputs.lungs is None:
        return
    if not same_geometry(inputs.lungs, inputs.ct):
        raise InputError("lung mask", "lies on another grid than the CT", "Resample it to the CT")
    require_sides(inputs.lungs, inputs.ct)


def _chosen(slices: str, ct: sitk.Image) -> NDArray[np.bool_]:
    """Return (z,) which slices in axial order are meant by their numbers in the stored volume."""
    numbers = AxialStack(ct).numbers
    return np.isin(numbers, [index + 1 for index in chosen_slices(slices, len(numbers))])
