"""Slices of synthetic lungs: every kernel, pixel, slice thickness and noise that the phantom knows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from LungCAD.labels import load_schema
from LungCAD.parallel import process_map
from LungCAD.phantom.study import BENCHMARK, StudyParameters, make_study
from LungCAD.progress import Progress, silent
from LungCAD.tasks.ild_input import IldInput
from LungCAD.train.ild.collecting import SliceCollector
from LungCAD.train.ild.slices import SliceSet

KERNELS = {"sharp": 0.5, "standard": 0.3, "soft": 0.2}
PIXEL_MM = (0.6, 0.95)
THICKNESS_MM = (0.6, 2.5)
NOISE_HU = (5.0, 25.0)
EXTENT_MM = (346.0, 288.0, 260.0)
SLICES = 8
HEALTHY, SHAM, HEAVY = 0.08, 0.08, 0.25
"""So many studies show no disease, healthy tissue painted as disease is, or disease in most of the lung."""


def phantom_slices(
    seeds: Iterable[int], schema: str, input: IldInput, progress: Progress = silent, workers: int = 1
) -> SliceSet:
    """Return the slices of one study per seed, each of which counts as a patient with a scanner of its own.

    workers : processes that make them, as in `process_map`.

    Raises
    ------
    InputError
        A class of the schema is not shown; the phantom has no texture for it.
    """
    seeds = list(seeds)
    collector = SliceCollector(load_schema(schema), input)
    studies = [varied_study(seed, schema) for seed in seeds]
    for study in process_map(make_study, studies, workers, progress, "Making phantoms"):
        name, thickness = f"phantom-{study.seed}", study.parameters.thickness
        collector.add(study.ct, study.labels, study.lungs, name, thickness_mm=thickness)
    source = f"{len(seeds)} phantoms of LungCAD, seeds {min(seeds)} to {max(seeds)}"
    return collector.done(source, "Apache-2.0", synthetic=True)


def varied_study(seed: int, schema: str) -> StudyParameters:
    """Return a study unlike the others: pixels as `BENCHMARK` has them in two of five, all else at random."""
    rng = np.random.default_rng([seed, 19])
    pixel = float(rng.uniform(*PIXEL_MM)) if rng.random() < 0.6 else BENCHMARK.spacing[0]
    kind = rng.random()
    return replace(
        BENCHMARK,
        size=(round(EXTENT_MM[0] / pixel), round(EXTENT_MM[1] / pixel), SLICES),
        spacing=(pixel, pixel, EXTENT_MM[2] / SLICES),
        thickness=float(rng.uniform(*THICKNESS_MM)) if rng.random() < 0.6 else BENCHMARK.thickness,
        seed=seed,
        schema=schema,
        disease=kind >= HEALTHY,
        sham=HEALTHY <= kind < HEALTHY + SHAM,
        heavy=bool(rng.random() < HEAVY),
        varied=("micronodules",),
        noise=float(rng.uniform(*NOISE_HU)) if rng.random() < 0.7 else BENCHMARK.noise,
        kernel=str(rng.choice(list(KERNELS), p=list(KERNELS.values()))),
    )
