"""Whether heat maps of detection point at the disease, beside places that chance would choose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from LungCAD.images import spacing_zyx, to_axial
from LungCAD.labels import Schema
from LungCAD.phantom.study import PhantomStudy
from LungCAD.tasks.ild_detection import IldDetection

NEAR_MM = 15.0
"""A peak so near to disease is on it: a place of the network is 23 mm wide."""


@dataclass(frozen=True)
class Peak:
    """near : whether a heat map's peak is on the disease. chance : the part of the lungs that is as near."""

    near: bool
    chance: float


def peaks(
    study: PhantomStudy, found: IldDetection, schema: Schema, present: NDArray[np.bool_]
) -> dict[str, list[Peak]]:
    """Return, by disease, the peaks on slices that show it and of which that is said.

    found : what was said of the study, with heat maps. present : (slices, diseases), feet first.
    """
    labels, lungs = (_axial(image) for image in (study.labels, study.lungs))
    spacing = spacing_zyx(to_axial(study.ct))[1:]
    by_disease = {}
    for number, disease in enumerate(found.findings.diseases):
        said = [
            bool(reading.probability) and reading.probability[number] >= disease.threshold
            for reading in found.findings.slices
        ]
        chosen = np.flatnonzero(present[:, number] & said)
        heat = _axial(found.heat_map(disease.code))[chosen] if chosen.size else ()
        value = schema.by_code(disease.code).value
        by_disease[disease.code] = [
            peak_of(hot, labels[index] == value, lungs[index] > 0, spacing)
            for index, hot in zip(chosen, heat, strict=True)
        ]
    return by_disease


def _axial(image: sitk.Image) -> NDArray:
    return sitk.GetArrayFromImage(to_axial(image))


def peak_of(
    heat: NDArray, disease: NDArray[np.bool_], lungs: NDArray[np.bool_], spacing: Sequence[float]
) -> Peak:
    """Return how a slice's heat map (Y, X) lies to its disease; spacing : mm, of rows and columns."""
    near = distance_transform_edt(~disease, sampling=spacing) <= NEAR_MM
    hottest = np.unravel_index(np.argmax(heat), heat.shape)
    return Peak(bool(near[hottest] and heat[hottest] > 0), float(near[lungs].mean()))


def summary(studies: Iterable[Mapping[str, Sequence[Peak]]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield, by disease, the number of slices, the part of peaks that are near it, and chance's part."""
    together: dict[str, list[Peak]] = {}
    for one in studies:
        for code, found in one.items():
            together.setdefault(code, []).extend(found)
    for code, found in together.items():
        near, chance = (
            round(float(np.mean([getattr(peak, name) for peak in found])), 3) if found else None
            for name in ("near", "chance")
        )
        yield code, {"slices": len(found), "near": near, "by_chance": chance}
