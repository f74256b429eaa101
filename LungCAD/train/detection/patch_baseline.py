"""What was usual before: patches of 32 x 32 pixels, every ten pixels of a segmented lung (section 4.7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LungCAD.images import image_like
from LungCAD.labels import load_schema
from LungCAD.phantom.study import StudyParameters, make_study
from LungCAD.progress import Progress, each, silent
from LungCAD.tasks import patch_network
from LungCAD.train.detection.label_volumes import SCHEMA
from LungCAD.train.detection.phantoms import benchmark_study
from LungCAD.train.detection.slices import DISEASES, disease_areas


def patch_areas(weights: Path, ct: sitk.Image, lungs: sitk.Image) -> NDArray[np.float32]:
    """Return the mm2 of each disease on every axial slice (Z, C), feet first, as a patch network has it.

    weights : of a network of patches with the classes of ltrc5. lungs : non-zero in the lungs; unlike the
    holistic network this one needs them. Raises InputError as `patch_network.run` does.
    """
    schema = load_schema(SCHEMA)
    probabilities = patch_network.run(weights, ct, lungs, schema).probabilities
    likeliest = sitk.GetArrayViewFromImage(probabilities).argmax(-1)
    values = np.where(sitk.GetArrayViewFromImage(lungs) > 0, np.array(schema.values)[likeliest], 0)
    return disease_areas(image_like(values.astype(np.uint8), ct), schema, DISEASES)


def patch_benchmark(
    weights: Path,
    seeds: Sequence[int],
    study: Callable[[int], StudyParameters] = benchmark_study,
    progress: Progress = silent,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return areas found and true areas (N, C) of all slices of synthetic patients, their lungs given."""
    schema, pairs = load_schema(SCHEMA), []
    for seed in each(seeds, progress, "Sliding patches"):
        made = make_study(study(seed))
        found = patch_areas(weights, made.ct, made.lungs)
        pairs.append((found, disease_areas(made.labels, schema, DISEASES)))
    found, true = (np.concatenate(values) for values in zip(*pairs, strict=True))
    return found, true
