"""Radiographs of synthetic chests."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np
import SimpleITK as sitk

from LungCAD.phantom.radiograph import make_radiograph
from LungCAD.phantom.study import StudyParameters, make_study
from LungCAD.train.xray.radiographs import Film, Radiograph, RadiographSet


def phantom_radiographs(seeds: Iterable[int]) -> RadiographSet:
    """Return one film per seed, made when it is read."""
    films = tuple(
        Radiograph(f"phantom-{seed}", f"phantom-{seed}", "synthetic", partial(_make, seed)) for seed in seeds
    )
    return RadiographSet(films, f"{len(films)} synthetic radiographs", "Apache-2.0", synthetic=True)


def _make(seed: int) -> Film:
    study = make_study(StudyParameters(seed=seed))
    film, lungs = (sitk.GetArrayFromImage(image) for image in make_radiograph(study.ct, study.lungs))
    return film, (lungs > 0).astype(np.uint8)
