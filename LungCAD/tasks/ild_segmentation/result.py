"""What the segmentation gives back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LungCAD.images import image_like
from LungCAD.labels import Schema
from LungCAD.report.densitometry import Densitometry
from LungCAD.report.measurements import Measurements
from LungCAD.tasks.ild_segmentation.inputs import IldScan
from LungCAD.weights import ModelCard


@dataclass(frozen=True)
class LungProbabilities:
    """Class probabilities of the voxels of the lung alone: of a whole CT they would take gigabytes.

    values : (C, N) float32, voxels in raster order of the scan in axial order.
    """

    values: NDArray[np.float32]
    scan: IldScan

    def planes(self) -> Iterator[NDArray[np.float32]]:
        """Yield the slices (y, x, C) of the volume as the CT is stored, 0 outside the lung."""
        numbers = self.scan.spread(np.arange(1, self.values.shape[1] + 1, dtype=np.int32))
        for plane in sitk.GetArrayViewFromImage(numbers):
            inside = plane > 0
            probabilities = np.zeros((*plane.shape, len(self.values)), np.float32)
            probabilities[inside] = self.values[:, plane[inside] - 1].T
            yield probabilities

    def image(self) -> sitk.Image:
        """Return all of it as a vector image on the grid of the CT."""
        return image_like(np.stack(list(self.planes())), self.scan.ct)


@dataclass(frozen=True)
class IldSegmentationResult:
    """Everything has the geometry of the input CT.

    labels : uint8, values of the schema, 0 outside the lung and on slices that were not segmented.
    uncertainty : float32, entropy of the probabilities over log C: 0 certain, 1 all classes alike.
    lungs, zones : uint8, of the slices that were segmented.
    probabilities : one row per value of `classes`.
    schema : of the labels. classes : label values that the network can give, in the order of its outputs.
    card : what is to be known of the network. warnings : understandable sentences.
    """

    labels: sitk.Image
    uncertainty: sitk.Image
    lungs: sitk.Image
    zones: sitk.Image
    probabilities: LungProbabilities
    schema: Schema
    classes: tuple[int, ...]
    measurements: Measurements
    densitometry: Densitometry
    card: ModelCard
    warnings: tuple[str, ...]
