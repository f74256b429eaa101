"""Cases from synthetic scans."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from LungCAD.files import make_folder
from LungCAD.images import image_like
from LungCAD.parallel import process_map
from LungCAD.phantom.aspergillosis_study import (
    VERSION,
    AspergillosisParameters,
    AspergillosisStudy,
    make_aspergillosis,
)
from LungCAD.phantom.scanner import scanner_noise
from LungCAD.progress import Progress, silent
from LungCAD.tasks.cpa_projections import ROTATIONS, ProjectionVolume, Rotation
from LungCAD.train.cpa.cases import Case, read_case

WIDTHS, DEPTHS = (192, 224, 256), range(96, 181, 12)
"""Voxels of a scan along x and y, and along z: each thorax has its own, as scanners do. Brought to the grid,
slices lie on its layers or between them, which smooths them: pictures of one size alone teach its pattern."""

STUDIES = 4
"""Studies of one thorax, unless more are wanted; they count as one patient."""

TURNS = 2
"""Rotations of each study: none, and another of the 27 that chance chooses."""

MERGED = (1, 2, 3)
"""Slices of a phantom that make one of a scan to learn from: real ones are thicker, too."""

SHARP_HU = (0.0, 60.0)
"""Noise of a sharp kernel, besides that of the phantom."""


def phantom_cases(
    seeds: Sequence[int],
    folder: Path,
    uniform: bool,
    studies: int = STUDIES,
    progress: Progress = silent,
    workers: int = 1,
) -> list[Case]:
    """Return the cases of the thoraxes of these seeds; they are kept in the folder and read from it again.

    uniform : for training: see `AspergillosisParameters`, with slices and noise of more scanners. studies :
    of each thorax, at least 1. workers : processes that make them, as in `process_map`.
    """
    make_folder(folder)
    paths = {seed: _paths(seed, folder, uniform, studies) for seed in seeds}
    kept = partial(_kept, folder=folder, uniform=uniform, studies=studies)
    missing = [seed for seed in seeds if not all(path.exists() for path in paths[seed])]
    deque(process_map(kept, missing, workers, progress, "Making phantoms"), maxlen=0)
    return [read_case(path) for seed in seeds for path in paths[seed]]


def _paths(seed: int, folder: Path, uniform: bool, studies: int) -> list[Path]:
    kind = f"{'u' if uniform else 'c'}{seed}"
    return [folder / f"phantom{VERSION}-{kind}-{i}.npz" for i in range(studies)]


def _kept(seed: int, folder: Path, uniform: bool, studies: int) -> None:
    """Make the cases of a thorax and keep them."""
    parameters = AspergillosisParameters(_size(seed), seed, studies, uniform)
    paths = _paths(seed, folder, uniform, studies)
    for number, (path, study) in enumerate(zip(paths, make_aspergillosis(parameters), strict=True)):
        if uniform:
            ct = of_another_scanner(study.ct, np.random.default_rng([seed, 31, number]))
            study = replace(study, ct=ct)
        turns = some_turns(np.random.default_rng([seed, 27, number]))
        study_case(study, path.stem, f"thorax-{seed}", turns).write(path)


def of_another_scanner(ct: sitk.Image, rng: np.random.Generator) -> sitk.Image:
    """Return a scan in slices as thick as one, two or three of its own, with a sharp kernel's noise."""
    merged = sitk.BinShrink(ct, [1, 1, int(rng.choice(MERGED))])
    noise = scanner_noise(merged.GetSize()[::-1], merged.GetSpacing(), rng.uniform(*SHARP_HU), "sharp", rng)
    hu = np.clip(np.rint(sitk.GetArrayFromImage(merged) + noise), -1024, 3071).astype(np.int16)
    return image_like(hu, merged)


def some_turns(rng: np.random.Generator) -> list[Rotation]:
    """Return no rotation and `TURNS` - 1 others of the 27."""
    others = rng.choice(np.arange(1, len(ROTATIONS)), TURNS - 1, replace=False)
    return [ROTATIONS[0], *(ROTATIONS[i] for i in others)]


def _size(seed: int) -> tuple[int, int, int]:
    rng = np.random.default_rng([seed, 29])
    width = int(rng.choice(WIDTHS))
    return width, width, int(rng.choice(DEPTHS))


def study_case(study: AspergillosisStudy, name: str, patient: str, turns: Sequence[Rotation]) -> Case:
    """Return the case of a phantom, brought to the published grid as every scan is that is read."""
    return Case.of(name, patient, ProjectionVolume.of(study.ct), turns, study.signs, int(study.disease))
