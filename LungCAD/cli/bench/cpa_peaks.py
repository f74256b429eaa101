"""How far peaks of heat maps lie from the signs they stand for, and how far simple guesses lie."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from LungCAD.images.geometry import spacing_zyx
from LungCAD.labels import load_schema
from LungCAD.phantom.aspergillosis_study import AspergillosisStudy
from LungCAD.report.signs import Peak
from LungCAD.tasks.cpa import SIGNS, CpaResult
from LungCAD.tasks.cpa_projections import REGIONS, region_box

REACH_MM = 15.0
"""A peak this near to the nearest voxel of its sign counts as right."""

GUESSES = 25
"""Random voxels, of whose distances the median is taken."""

SMOOTH_MM = 4.0
"""Of the scan in which the densest place is looked for: not a single noisy voxel."""

CONTENDERS = ("heat map", "centre", "random", "densest")
"""The heat map's peak; the region's middle of lung, a random voxel of its lung, its densest place."""


def placed_peaks(study: AspergillosisStudy, result: CpaResult) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield the sign and the distances (mm) of every contender to its nearest voxel, per true positive.

    The grid of the study runs along the patient's axes, feet first and from right to left.
    """
    labels, lungs = (sitk.GetArrayViewFromImage(image) for image in (study.labels, study.lungs))
    values = {label.code: label.value for label in load_schema("cpa3").labels}
    spacing = spacing_zyx(study.ct)
    smooth = ndimage.gaussian_filter(
        sitk.GetArrayFromImage(study.ct).astype(np.float32), SMOOTH_MM / np.array(spacing)
    )
    rng = np.random.default_rng(0)
    for peak in result.peaks:
        region = REGIONS.index(peak.region)
        if not study.signs[region, SIGNS.index(peak.sign)]:
            continue
        away = ndimage.distance_transform_edt(labels != values[peak.sign], spacing)
        inside = np.zeros(lungs.shape, bool)
        box = region_box(region, lungs.shape)
        inside[box] = lungs[box] > 0
        places = np.argwhere(inside)
        guesses = places[rng.integers(len(places), size=GUESSES)]
        densest = np.unravel_index(np.where(inside, smooth, -np.inf).argmax(), inside.shape)
        yield (
            peak.sign,
            {
                "heat map": _at(away, _index(study.ct, peak)),
                "centre": _at(away, places.mean(0)),
                "random": float(np.median(away[tuple(guesses.T)])),
                "densest": float(away[densest]),
            },
        )


def _index(ct: sitk.Image, peak: Peak) -> NDArray[np.float64]:
    return np.array(ct.TransformPhysicalPointToContinuousIndex(peak.position))[::-1]


def _at(away: NDArray[np.float64], index: NDArray[np.float64]) -> float:
    nearest = np.clip(np.rint(index).astype(int), 0, np.array(away.shape) - 1)
    return float(away[tuple(nearest)])
