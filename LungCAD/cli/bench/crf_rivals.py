"""The ways to solve a dense CRF that are compared: ours, and pydensecrf's two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from LungCAD.cli.bench.crf_cases import CrfCase
from LungCAD.crf import CRFParameters, DenseCRF
from LungCAD.images.windows import GAO, apply_windows

Rival = Callable[[CrfCase], np.ndarray]
"""Returns the marginals (C, N) of the voxels in the mask; all work counts, setup included."""

PAPER = CRFParameters(mode="volume")
FAST = replace(PAPER, accelerate=True, iterations=5)
UNSURE = 1e-6


def ours(parameters: CRFParameters, threads: int, device: str = "cpu") -> Rival:
    """Return our solver with so many threads."""

    def solve(case: CrfCase) -> np.ndarray:
        torch.set_num_threads(threads)
        crf = DenseCRF(case.hu, case.mask, case.spacing, parameters, device=device)
        return crf.solve(case.inside).marginals_in_mask()

    return solve


def generic(case: CrfCase) -> np.ndarray:
    """Solve by pydensecrf with the voxels of the mask as points."""
    crf = DenseCRF(case.hu, case.mask, case.spacing, PAPER, backend="pydensecrf")
    return crf.solve(case.inside).marginals_in_mask()


def whole_image(case: CrfCase) -> np.ndarray:
    """Solve one slice by pydensecrf's usual call, DenseCRF2D on the whole image; it knows no mask.

    Outside the mask all classes are equally probable.
    """
    from pydensecrf.densecrf import NORMALIZE_SYMMETRIC, DenseCRF2D

    classes = len(case.inside)
    _, height, width = case.mask.shape
    probabilities = np.full((classes, height * width), 1 / classes, dtype=np.float32)
    probabilities[:, case.mask.reshape(-1)] = case.inside
    grey = apply_windows(case.hu[0], GAO).transpose(1, 2, 0)
    crf = DenseCRF2D(width, height, classes)
    crf.setUnaryEnergy(-np.log(np.maximum(probabilities, UNSURE)))
    crf.addPairwiseGaussian(sxy=PAPER.theta_gamma, compat=1, normalization=NORMALIZE_SYMMETRIC)
    crf.addPairwiseBilateral(
        sxy=PAPER.theta_alpha,
        srgb=PAPER.theta_beta,
        rgbim=np.ascontiguousarray(grey.round().astype(np.uint8)),
        compat=1,
        normalization=NORMALIZE_SYMMETRIC,
    )
    return np.array(crf.inference(PAPER.iterations))[:, case.mask.reshape(-1)]


def exact(case: CrfCase) -> np.ndarray:
    """Solve with all pairs in float64."""
    crf = DenseCRF(case.hu, case.mask, case.spacing, PAPER, backend="exact", device="cpu")
    return crf.solve(case.inside).marginals_in_mask()


def peer_is_there() -> bool:
    """Tell whether pydensecrf is installed."""
    try:
        import pydensecrf.densecrf  # noqa: F401 - to see whether it loads
    except ImportError:
        return False
    return True
