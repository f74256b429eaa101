"""How fast the projections of all rotations are made, against SciPy turning the whole scan."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from LungCAD.images.windows import SAPSAM
from LungCAD.memory import peak_memory
from LungCAD.progress import Progress, each, silent
from LungCAD.tasks.cpa_projections import REGIONS, ROTATIONS, ProjectionVolume, Rotation, project, region_box

GIB = 2**30


def projection_timing(ct: sitk.Image, rivals: int = 2, progress: Progress = silent) -> dict[str, Any]:
    """Time one scan in 27 rotations, three directions, whole and in six regions.

    Parameters
    ----------
    ct : any chest CT; the published size is 512 x 512 x 432.
    rivals : rotations that SciPy does as well, its time then taken for all 27.

    Returns
    -------
    Seconds for preparing (resampling, lung mask) and projecting, SciPy's, their ratio, the largest difference
    of a whole projection (0..1) between both, and the process's peak memory in GiB.
    """
    start = time.perf_counter()
    volume = ProjectionVolume.of(ct).with_aerated()
    prepared = time.perf_counter()
    for rotation in each(ROTATIONS, progress, "Projecting"):
        project(volume, rotation)
    projected = time.perf_counter()
    apart = []
    turned = ROTATIONS[-rivals:]  # about all three axes
    start_rival = time.perf_counter()
    plain = [_plain_projections(volume, rotation) for rotation in turned]
    rival = (time.perf_counter() - start_rival) / rivals * len(ROTATIONS)
    for rotation, pictures in zip(turned, plain, strict=True):
        own = project(replace(volume, aerated=None), rotation).whole["axial"].numpy()
        both = (own > 0) & (pictures > 0)
        apart.append(float(np.median(np.abs(own - pictures)[both])))
    peak = peak_memory()
    return {
        "prepare_s": prepared - start,
        "project_s": projected - prepared,
        "scipy_s": rival,
        "ratio": rival / (projected - prepared),
        "median_difference": max(apart),
        "peak_gib": None if peak is None else peak / GIB,
    }


def _plain_projections(volume: ProjectionVolume, rotation: Rotation) -> NDArray[np.float64]:
    """Turn scan and mask with `scipy.ndimage.rotate`, project all; return the whole scan along z."""
    hu, lungs = volume.hu.numpy(), volume.lungs.numpy().astype(np.float32)
    for angle, axes in ((rotation.x, (0, 1)), (rotation.y, (0, 2)), (rotation.z, (1, 2))):
        hu = ndimage.rotate(hu, angle, axes, reshape=False, order=1, mode="nearest")
        lungs = ndimage.rotate(lungs, angle, axes, reshape=False, order=1)
    inside = lungs > 0.5
    wholes = [_means(hu, inside, axis) for axis in range(3)]
    for region in range(len(REGIONS)):
        box = region_box(region, hu.shape)
        for low, high in SAPSAM:
            chosen = inside[box] & (hu[box] >= low) & (hu[box] < high)
            for axis in range(3):
                _means(hu[box], chosen, axis)
    return np.where(wholes[0] == 0, 0, np.clip((wholes[0] + 1000) / 1000, 0, 1))


def _means(hu: NDArray, inside: NDArray[np.bool_], axis: int) -> NDArray:
    counts = inside.sum(axis)
    return (hu * inside).sum(axis) / np.maximum(counts, 1)
