"""What is done to the network's probabilities before they become labels."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from LungCAD.crf import CRFParameters, DenseCRF
from LungCAD.lungs.vessels import lung_vessels
from LungCAD.progress import Progress, each, silent
from LungCAD.tasks.ild_segmentation.inputs import IldScan

MODES = {"crf2d": "slice", "crf3d": "volume"}

AROUND_MM = 4.0
"""Standard deviation of the weights with which the lung around a vessel tells its class."""


def smooth(
    values: NDArray[np.float32],
    scan: IldScan,
    refine: str,
    parameters: CRFParameters,
    device: torch.device,
    progress: Progress = silent,
) -> NDArray[np.float32]:
    """Return marginals (C, N) of the dense CRF whose unary are the probabilities `values` (C, N).

    `refine` is "crf2d" for every slice alone or "crf3d" for the whole volume.
    """
    chosen = dataclasses.replace(parameters, mode=MODES[refine])
    crf = DenseCRF(scan.hu, scan.inside, scan.spacing, chosen, lungs=scan.lungs, device=str(device))
    return crf.solve(values, progress=progress).marginals_in_mask()


def without_vessels(
    values: NDArray[np.float32], scan: IldScan, progress: Progress = silent
) -> NDArray[np.float32]:
    """Return probabilities (C, N) that know nothing of vessels and bronchi: those of the lung around them.

    Vessels are found in the whole lung: where a few slices were chosen they are no shorter for that.
    A mean over the other lung of the same slice, weighted by a Gaussian of the distance. Where no other lung
    is near, a voxel keeps its own.
    """
    vessels = lung_vessels(scan.hu, scan.field, scan.spacing)
    sigma = [AROUND_MM / side for side in scan.spacing[1:]]
    result = values.copy()
    start = 0
    for z in each(range(len(scan.lungs)), progress, "Setting vessels and bronchi aside"):
        inside = scan.lungs[z] > 0
        stop = start + np.count_nonzero(inside)
        tissue = inside & ~vessels[z]
        weight = gaussian_filter(tissue.astype(np.float32), sigma)
        taken = vessels[z] & (weight > np.finfo(np.float32).eps)
        if taken.any():
            own = taken[inside]
            for before, after in zip(values[:, start:stop], result[:, start:stop], strict=True):
                plane = np.zeros(inside.shape, np.float32)
                plane[inside] = before
                after[own] = (gaussian_filter(plane * tissue, sigma) / np.maximum(weight, 1e-12))[taken]
            result[:, start:stop][:, own] /= result[:, start:stop][:, own].sum(0)
        start = stop
    return result
