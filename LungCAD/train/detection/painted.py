"""Patients into whose lungs the phantom's disease is painted: real anatomy and noise, known truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import SimpleITK as sitk

from LungCAD.errors import naming
from LungCAD.images import read_ct
from LungCAD.labels import load_schema
from LungCAD.lungs import segment_lungs
from LungCAD.phantom.real_scan import paint_scan
from LungCAD.progress import Progress, each, part, silent
from LungCAD.tasks.detection_input import DetectionInput
from LungCAD.train.detection.label_volumes import SCHEMA
from LungCAD.train.detection.slices import SliceSet, cut_slices, unlabelled

PIXEL_MM = 1.2
"""Scans are reduced to such pixels before disease is painted: the network sees coarser ones."""

SMOOTHING_MM = 0.35
"""Standard deviation of the Gaussian that comes before."""


def painted_slices(
    path: Path,
    seeds: Sequence[int],
    patient: str,
    licence: str = "not stated",
    prepare: DetectionInput | None = None,
    mimics: bool = False,
    progress: Progress = silent,
) -> Iterator[SliceSet]:
    """Yield the slices of a patient's CT with disease painted into the lungs, once per seed.

    What disease the patient has counts as healthy; mimics : as in `paint_scan`. Raises InputError where the
    CT cannot be read or shows no lungs.
    """
    prepare, schema = prepare or DetectionInput(), load_schema(SCHEMA)
    ct = read_ct(path, "largest").image
    with naming(path):
        lungs = segment_lungs(ct, progress=part(progress, 0.0, 0.1))
    ct, lungs = _reduced(_smoothed(ct), sitk.sitkLinear), _reduced(lungs, sitk.sitkNearestNeighbor)
    for seed in each(seeds, part(progress, 0.1, 1.0), "Painting disease"):
        scan, labels = paint_scan(ct, lungs, SCHEMA, seed, population=True, mimics=mimics)
        painted = "disease and mimics" if mimics else "disease"
        source = f"{painted} painted into the CT of {patient} in {len(seeds)} ways"
        about = {"patient": patient, "source": source, "licence": licence, "synthetic": True}
        yield cut_slices(scan, labels, schema, prepare, **about, mimics=unlabelled(labels, lungs))


def _smoothed(ct: sitk.Image) -> sitk.Image:
    smooth = sitk.Cast(ct, sitk.sitkFloat32)
    for direction in (0, 1):
        smooth = sitk.RecursiveGaussian(smooth, SMOOTHING_MM, direction=direction)
    return sitk.Cast(smooth, sitk.sitkInt16)


def _reduced(image: sitk.Image, interpolator: int) -> sitk.Image:
    """Return the image with pixels of `PIXEL_MM` over the same field, where its own are smaller."""
    spacing = (*(max(PIXEL_MM, mm) for mm in image.GetSpacing()[:2]), image.GetSpacing()[2])
    old = zip(image.GetSize(), image.GetSpacing(), spacing, strict=True)
    size = [round(count * own / new) for count, own, new in old]
    grid = (size, sitk.Transform(), interpolator, image.GetOrigin(), spacing, image.GetDirection())
    return sitk.Resample(image, *grid, -1024 if interpolator == sitk.sitkLinear else 0)
