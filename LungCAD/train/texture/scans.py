"""Phantoms to learn texture from: every schema, disease, scanner and noise that the phantom knows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from LungCAD.labels import load_schema
from LungCAD.phantom.study import BENCHMARK, StudyParameters, make_study

SCHEMAS = {"gao5": 0.5, "lungnet6": 0.25, "ltrc5": 0.15, "emphysema3": 0.1}
CODES = tuple(sorted({code for name in SCHEMAS for code in load_schema(name).codes}))
"""All textures; position + 1 is the label of a voxel, whatever the schema of its study."""

KERNELS = {"sharp": 0.5, "standard": 0.3, "soft": 0.2}
SLICES = 8
EXTENT_MM = (346.0, 288.0, 260.0)
LEAST_LUNG_PX = 2000
MARGIN_PX = 4


@dataclass(frozen=True)
class TextureScan:
    """What is learned from one phantom.

    hu : (z, y, x) int16, cut to the lungs. labels : uint8, 1 + position in `CODES`, 0 where nothing is said.
    lung : bool.
    """

    hu: np.ndarray
    labels: np.ndarray
    lung: np.ndarray


def make_scan(seed: int) -> TextureScan:
    """Return the phantom of a seed, its lung cut out, without the slices that hardly show any."""
    study = make_study(study_parameters(seed))
    hu, labels, lungs = (sitk.GetArrayFromImage(i) for i in (study.ct, study.labels, study.lungs))
    inside = lungs > 0
    shown = inside.sum((1, 2)) >= LEAST_LUNG_PX
    rows, columns = (_extent(inside.any((0, axis))) for axis in (2, 1))
    texture = np.zeros(256, np.uint8)
    for label in load_schema(study.schema).labels:
        texture[label.value] = CODES.index(label.code) + 1
    return TextureScan(*(array[shown, rows, columns] for array in (hu, texture[labels], inside)))


def study_parameters(seed: int) -> StudyParameters:
    """Return a study unlike the others: three in five as `BENCHMARK` is scanned, the rest at random."""
    rng = np.random.default_rng([seed, 17])
    schema = str(rng.choice(list(SCHEMAS), p=list(SCHEMAS.values())))
    pixel = float(rng.uniform(0.65, 1.0)) if rng.random() < 0.6 else BENCHMARK.spacing[0]
    kernel = str(rng.choice(list(KERNELS), p=list(KERNELS.values())))
    thickness = BENCHMARK.thickness if rng.random() < 0.6 else float(rng.uniform(0.6, 5))
    noise = float(rng.uniform(5, 25)) if rng.random() < 0.7 else BENCHMARK.noise
    return StudyParameters(
        size=(round(EXTENT_MM[0] / pixel), round(EXTENT_MM[1] / pixel), SLICES),
        spacing=(pixel, pixel, EXTENT_MM[2] / SLICES),
        thickness=thickness,
        seed=seed,
        schema=schema,
        heavy=bool(rng.random() < 0.3),
        noise=noise,
        kernel=kernel,
    )


def _extent(profile: np.ndarray) -> slice:
    found = np.flatnonzero(profile)
    return slice(max(found[0] - MARGIN_PX, 0), found[-1] + MARGIN_PX + 1)
