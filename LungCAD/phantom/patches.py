"""Small square samples of a texture, and their statistics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PATCH_PX = 31
DENSE_HU = -400
HISTOGRAM_BINS = np.arange(-1100, 420, 20)


@dataclass(frozen=True)
class PatchStatistics:
    """How a class of patches looks, in HU.

    mean : of all pixels. between : standard deviation of the patches' means. within : mean of the patches'
    standard deviations. r1, r3 : mean over patches of Pearson's correlation of pixels 1 and 3 apart.
    """

    mean: float
    between: float
    within: float
    r1: float
    r3: float


def patch_statistics(patches: NDArray) -> PatchStatistics:
    """Measure patches (P, Y, X) in HU."""
    patches = np.asarray(patches, float)
    return PatchStatistics(
        mean=float(patches.mean()),
        between=float(patches.mean(axis=(1, 2)).std()),
        within=float(patches.std(axis=(1, 2)).mean()),
        r1=_correlation(patches, 1),
        r3=_correlation(patches, 3),
    )


def histogram_overlap(a: NDArray, b: NDArray) -> float:
    """Return the common area (0..1) of the HU histograms of two samples, in bins of 20 HU."""
    first, second = (np.histogram(np.clip(v, -1100, 399), HISTOGRAM_BINS)[0] / np.size(v) for v in (a, b))
    return float(np.minimum(first, second).sum())


def sample_patches(
    hu: NDArray,
    allowed: NDArray[np.bool_],
    lungs: NDArray,
    outside: tuple[float, float],
    count: int,
    rng: np.random.Generator,
    max_dense: float,
    purity: float = 0.85,
) -> NDArray:
    """Cut patches (P, 31, 31) whose lung pixels are mostly `allowed`; fewer than `count` where none fit.

    Parameters
    ----------
    hu, allowed, lungs : volumes (z, y, x).
    outside : least and most part of a patch that lies outside the lung.
    max_dense : most of a patch's lung pixels above -400 HU; readers keep away from the great vessels.
    purity : least part of the patch's lung pixels that is allowed.
    """
    half = PATCH_PX // 2
    inner = np.zeros(hu.shape, bool)
    inner[:, half:-half, half:-half] = allowed[:, half:-half, half:-half]
    places = np.argwhere(inner)
    patches = []
    for z, y, x in rng.permutation(places)[: 60 * count]:
        window = (z, slice(y - half, y + half + 1), slice(x - half, x + half + 1))
        in_lung = lungs[window] > 0
        dense = hu[window][in_lung] > DENSE_HU
        if (
            outside[0] <= 1 - in_lung.mean() <= outside[1]
            and allowed[window][in_lung].mean() >= purity
            and dense.mean() <= max_dense
        ):
            patches.append(hu[window])
        if len(patches) == count:
            break
    return np.array(patches).reshape(-1, PATCH_PX, PATCH_PX)


def _correlation(patches: NDArray, shift: int) -> float:
    pairs = (
        (patches[:, :, shift:], patches[:, :, :-shift]),
        (patches[:, shift:], patches[:, :-shift]),
    )
    return float(np.mean([_pearson(a, b) for a, b in pairs]))


def _pearson(a: NDArray, b: NDArray) -> float:
    a, b = (v.reshape(len(v), -1) - v.mean(axis=(1, 2))[:, None] for v in (a, b))
    norm = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return float(np.mean((a * b).sum(axis=1) / np.maximum(norm, 1e-9)))
