"""The phantom beside real lungs: the same patches, taken the same way, measured by the same code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LungCAD.phantom import emphysema
from LungCAD.phantom.anatomy import ThoraxParameters, make_thorax
from LungCAD.phantom.disease import paint_disease, true_labels
from LungCAD.phantom.lesions import LungSpace, plan_lesions
from LungCAD.phantom.patches import PatchStatistics, patch_statistics, sample_patches
from LungCAD.phantom.reference import DENSE_SHARE, REAL_SCANS
from LungCAD.phantom.scanner import scanner_blur, scanner_noise
from LungCAD.phantom.study import BENCHMARK, PARENCHYMA_HU, make_study
from LungCAD.phantom.textures import Texture, parenchyma
from LungCAD.progress import Progress, each, silent

_TEXTURES: Mapping[str, Texture] = {
    "NT": parenchyma,
    "CL1": partial(emphysema.centrilobular, severity=(-0.1, 0.25)),
    "CL2": partial(emphysema.centrilobular, severity=(-0.1, 1.15)),
    "CL3": partial(emphysema.centrilobular, severity=(0.65, 1.25)),
    "PL": emphysema.panlobular,
    "PS": emphysema.paraseptal,
}
_CODES = {name: value for value, name in enumerate(_TEXTURES, start=1)}
_SHARES = {"CL1": 0.14, "CL2": 0.14, "CL3": 0.14, "PL": 0.14, "PS": 0.06}
_OUTSIDE = {
    # part of a patch outside the lung: (share of the patches, least, most), as it is in the real patches
    "NT": ((0.86, 0.0, 0.01), (0.14, 0.15, 0.30)),
    "PS": ((1.0, 0.06, 0.45),),
}
_INSIDE = ((1.0, 0.0, 0.01),)
_HRCT_SPACING = (0.65, 0.65, 24.0)
_HRCT_THICKNESS = 1.25


def emphysema_patches(
    seeds: Sequence[int], per_class: int = 20, progress: Progress = silent
) -> dict[str, NDArray]:
    """Return patches (P, 31, 31) of NT, CL1, CL2, CL3, PL, PS from phantoms scanned as the real patches were.

    HRCT with 0.65 mm pixels, noise and kernel of the benchmark; about `per_class` patches of each class from
    each of the seeds.
    """
    samples: dict[str, list[NDArray]] = {name: [] for name in _TEXTURES}
    for seed in each(seeds, progress, "Cutting patches of emphysema"):
        hu, labels, lungs = _emphysema_scan(seed)
        rng = np.random.default_rng([seed, 5])
        for name, patches in samples.items():
            purity = 0.5 if name == "PS" else 0.85  # the row of cysts is thinner than a patch
            for share, least, most in _OUTSIDE.get(name, _INSIDE):
                count = max(1, round(share * per_class))
                allowed = labels == _CODES[name]
                patches.append(
                    sample_patches(hu, allowed, lungs, (least, most), count, rng, DENSE_SHARE[name], purity)
                )
    return {name: np.concatenate(patches) for name, patches in samples.items()}


def normal_lung(name: str, seeds: Sequence[int], per_scan: int = 100) -> PatchStatistics:
    """Measure healthy phantoms sampled like the real series `name` of `REAL_SCANS`."""
    scan = REAL_SCANS[name]
    size = (round(340 / scan.spacing[0]), round(280 / scan.spacing[1]), 8)
    parameters = replace(
        BENCHMARK,
        size=size,
        spacing=scan.spacing,
        thickness=None,
        noise=scan.noise,
        kernel=scan.kernel,
        disease=False,
    )
    patches = []
    for seed in seeds:
        study = make_study(replace(parameters, seed=seed))
        hu, lungs = sitk.GetArrayFromImage(study.ct), sitk.GetArrayFromImage(study.lungs)
        rng = np.random.default_rng([seed, 5])
        patches.append(sample_patches(hu, lungs > 0, lungs, (0.0, 0.01), per_scan, rng, max_dense=0.05))
    return patch_statistics(np.concatenate(patches))


def _emphysema_scan(seed: int) -> tuple[NDArray, NDArray, NDArray]:
    """Return HU, labels and lungs (z, y, x) of a phantom with every kind of emphysema."""
    rng = np.random.default_rng([seed, 11])
    spacing = _HRCT_SPACING[::-1]
    thorax = make_thorax(ThoraxParameters((540, 440, 9), _HRCT_SPACING, seed, thickness=_HRCT_THICKNESS))
    space = LungSpace.of(thorax.lungs, spacing)
    lesions = plan_lesions(space, _SHARES, rng)
    scan = {"thickness": _HRCT_THICKNESS, "blur": 0.0, "level": rng.normal(*PARENCHYMA_HU), "healthy": True}
    textures = {**_TEXTURES, "healthy": parenchyma}
    hu = paint_disease(thorax.hu, space, lesions, spacing, rng, **scan, textures=textures)
    hu = scanner_blur(hu, _HRCT_SPACING, BENCHMARK.kernel)
    hu += scanner_noise(hu.shape, _HRCT_SPACING, BENCHMARK.noise, BENCHMARK.kernel, rng)
    values = {**_CODES, "healthy": _CODES["NT"]}
    return hu, true_labels(space, lesions, values), thorax.lungs
