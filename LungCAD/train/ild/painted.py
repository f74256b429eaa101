"""Slices of real lungs into which the phantom's disease is painted: real anatomy and noise, known truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from LungCAD.errors import naming
from LungCAD.images import image_like, read_ct, spacing_zyx, to_axial
from LungCAD.labels import load_schema
from LungCAD.lungs import segment_lungs
from LungCAD.phantom.real_scan import paint_scan
from LungCAD.progress import Progress, each, silent
from LungCAD.tasks.ild_input import IldInput
from LungCAD.train.ild.collecting import IGNORED, SliceCollector
from LungCAD.train.ild.slices import SliceSet

BLOCK, BLOCKS = 4, 3
"""Of so many blocks of so many neighbouring slices, the last is never learned from."""

SLICES = 8
"""Of one painting, spread over the scan."""

DENSE_HU, DENSE_MM, RIM_MM = -250.0, 4.0, 8.0
"""Lung as dense as this over that width, and what is so near to it, may be disease of the patient's own."""

THINNEST_MM = 1.25
"""Disease is painted as slices show it that are as thin as this, as thick as the scan's, or in between."""

UNPAINTED, SHAM = 4, 4
"""One painting in so many leaves the scan as it is; one in so many is of healthy tissue."""


@dataclass(frozen=True)
class RealLungs:
    """A CT with its lung field, axial; `own` (z, y, x) is what may be the patient's own disease."""

    name: str
    ct: sitk.Image
    lungs: sitk.Image
    own: NDArray[np.bool_]
    thickness_mm: float

    @classmethod
    def read(cls, path: Path, name: str, progress: Progress = silent) -> RealLungs:
        """Read a CT as `read_ct` does, the largest series of a folder; raises InputError."""
        scan = read_ct(path, "largest")
        ct = to_axial(scan.image)
        with naming(path):
            lungs = segment_lungs(ct, progress=progress)
        own = own_disease(sitk.GetArrayFromImage(ct), sitk.GetArrayFromImage(lungs) > 0, spacing_zyx(ct))
        thickness = scan.facts.slice_thickness_mm or ct.GetSpacing()[2]
        return cls(name, ct, lungs, own, thickness)

    def slices(self, learned: bool) -> NDArray[np.intp]:
        """Return the numbers of the slices that show lung and are learned from, or are not."""
        z = np.flatnonzero((sitk.GetArrayViewFromImage(self.lungs) > 0).any((1, 2)))
        return z[((z // BLOCK) % BLOCKS < BLOCKS - 1) == learned]

    def take(self, z: Sequence[int] | NDArray[np.intp]) -> tuple[sitk.Image, sitk.Image, NDArray[np.bool_]]:
        """Return CT, lungs and `own` of some slices, as a scan whose slices lie further apart."""
        gap = float(np.diff(z).mean()) if len(z) > 1 else 1.0
        ct, lungs = (_taken(image, z, gap) for image in (self.ct, self.lungs))
        return ct, lungs, self.own[z]


def own_disease(hu: NDArray, lungs: NDArray[np.bool_], spacing: Sequence[float]) -> NDArray[np.bool_]:
    """Return the lung (z, y, x) that is dense over some width, and its rim; spacing in mm, z, y, x."""
    width = [0, DENSE_MM / spacing[1], DENSE_MM / spacing[2]]
    inside = ndimage.gaussian_filter(lungs.astype(np.float32), width)
    mean = ndimage.gaussian_filter(np.where(lungs, hu, 0).astype(np.float32), width) / np.maximum(
        inside, 0.01
    )
    dense = lungs & (mean > DENSE_HU)
    away = ndimage.distance_transform_edt(~dense, sampling=spacing) if dense.any() else np.inf
    return lungs & (away <= RIM_MM)


def painted_slices(
    lungs: Sequence[RealLungs],
    paintings: int,
    schema: str,
    seed: int,
    input: IldInput,
    progress: Progress = silent,
) -> SliceSet:
    """Return the slices of real lungs, each painted so many times; every scan counts as one patient."""
    collector = SliceCollector(load_schema(schema), input)
    jobs = [(real, number) for real in lungs for number in range(paintings)]
    for real, number in each(jobs, progress, "Painting real lungs"):
        ct, labels, field = paint(real, schema, seed, number)
        collector.add(ct, labels, field, real.name, thickness_mm=real.thickness_mm)
    source = f"{len(lungs)} real CT, each painted {paintings} times with the phantom's disease"
    return collector.done(source, "that of the CT", synthetic=True)


def paint(real: RealLungs, schema: str, seed: int, number: int) -> tuple[sitk.Image, sitk.Image, sitk.Image]:
    """Return CT, labels and lungs of one painting of slices that are learned from."""
    rng = np.random.default_rng([seed, number, 23])
    offered = real.slices(learned=True)
    ct, lungs, own = real.take(np.sort(rng.choice(offered, min(SLICES, len(offered)), replace=False)))
    if number % UNPAINTED == UNPAINTED - 1:
        healthy = load_schema(schema).by_code("healthy").value
        labels = image_like(np.uint8(healthy) * (sitk.GetArrayFromImage(lungs) > 0), ct)
    else:
        thickness = float(rng.uniform(min(THINNEST_MM, real.thickness_mm), real.thickness_mm))
        sham = number % SHAM == SHAM - 2
        ct, labels = paint_scan(ct, lungs, schema, int(rng.integers(2**31)), sham, thickness=thickness)
    values = sitk.GetArrayFromImage(labels)
    values[own & (values > 0)] = IGNORED
    return ct, image_like(values, ct), lungs


def _taken(image: sitk.Image, z: Sequence[int] | NDArray[np.intp], gap: float) -> sitk.Image:
    taken = sitk.GetImageFromArray(sitk.GetArrayViewFromImage(image)[z])
    x, y, step = image.GetSpacing()
    taken.SetSpacing((x, y, step * gap))
    return taken
