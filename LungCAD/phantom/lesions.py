"""Where disease lies: irregular lesions with soft borders that together fill a wanted share of the lung."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from LungCAD.phantom.structures import Points, Values, smooth_noise, smooth_step

BORDER_MM = 5.0
"""Width over which a lesion blends into its surroundings."""

LESIONS_PER_CLASS = (5, 7)

_TYPICAL_PLACE = {
    # (depth below the pleura in mm, height 0 base .. 1 apex) where a class likes to be, and how wide around
    "emphysema": (30.0, 0.85, 30.0, 0.40),
    "centrilobular_emphysema": (30.0, 0.85, 30.0, 0.40),
    "paraseptal_emphysema": (0.0, 0.80, 8.0, 0.40),
    "panlobular_emphysema": (30.0, 0.20, 40.0, 0.40),
    "fibrosis": (0.0, 0.10, 15.0, 0.45),
    "reticulation": (0.0, 0.20, 15.0, 0.50),
    "honeycombing": (0.0, 0.10, 12.0, 0.45),
    "filled_emphysema": (0.0, 0.10, 12.0, 0.45),
    "nodular_haze": (0.0, 0.20, 15.0, 0.50),
    "micronodules": (25.0, 0.65, 40.0, 0.60),
    "ground_glass": (20.0, 0.45, 40.0, 0.70),
    "consolidation": (15.0, 0.35, 25.0, 0.60),
}
_PLEURAL_REACH_MM = {
    "fibrosis": 22.0,
    "honeycombing": 18.0,
    "filled_emphysema": 18.0,
    "reticulation": 25.0,
    "nodular_haze": 25.0,
    "paraseptal_emphysema": 10.0,
}
_ATYPICAL = 0.35  # how likely the least typical place is, against the most typical: position must not tell


@dataclass(frozen=True)
class LungSpace:
    """The voxels of a lung mask, in mm.

    Attributes
    ----------
    shape : of the volume (z, y, x).
    index : flat indices of the N lung voxels.
    points : their positions (N, 3) in mm, order (z, y, x); z ascends towards the head.
    depth : distance to the surface of the lung (N,) in mm.
    height : 0 at the lowest, 1 at the highest lung voxel (N,).
    """

    shape: tuple[int, ...]
    index: NDArray[np.intp]
    points: Points
    depth: Values
    height: Values

    @classmethod
    def of(cls, lungs: NDArray, spacing: tuple[float, float, float]) -> LungSpace:
        """Measure a mask (z, y, x), nonzero in the lungs; `spacing` in mm, order (z, y, x)."""
        inside = np.pad(lungs > 0, 1)
        depth = ndimage.distance_transform_edt(inside, sampling=spacing)[1:-1, 1:-1, 1:-1]
        index = np.flatnonzero(lungs)
        points = np.argwhere(lungs > 0) * np.asarray(spacing)
        z = points[:, 0]
        height = (z - z.min()) / max(np.ptp(z), 1e-6)
        return cls(
            lungs.shape, index, points, depth.ravel()[index].astype(np.float32), height.astype(np.float32)
        )


@dataclass(frozen=True)
class Lesion:
    """One patch of disease.

    Attributes
    ----------
    code : class of the lesion, a code of the schema.
    voxels : which of the lung voxels of the `LungSpace` it touches (K,).
    weight : how much of each of them is this lesion's (K,), 0..1.
    rho : 0 in its middle, 1 on its border (K,).
    """

    code: str
    voxels: NDArray[np.intp]
    weight: Values
    rho: Values


def plan_lesions(
    space: LungSpace,
    shares: Mapping[str, float],
    rng: np.random.Generator,
    border: float = BORDER_MM,
    foci: tuple[int, int] = LESIONS_PER_CLASS,
) -> list[Lesion]:
    """Place several lesions of every class so that each class fills its share of the lung.

    A class claims, among the voxels that are still free, those nearest to its own lesions' middles, in units
    of the lesions' radii and perturbed by noise, until its share is reached.

    Parameters
    ----------
    shares : part of the lung (0..1) for each class code; their sum must leave healthy lung.
    border : width of the soft borders in mm.
    foci : least and largest number of lesions of a class, at least 2.
    """
    free = np.ones(len(space.index), np.float32)
    taken: list[Points] = []
    lesions: list[Lesion] = []
    for code in rng.permutation(list(shares)):
        count = int(rng.integers(foci[0], foci[1] + 1))
        middles = _middles(space, str(code), count, taken, free, rng)
        nearest, reach, radii = _reach(space, str(code), middles, rng)
        open_reach = np.where(free > 0.5, reach, np.inf)
        rank = int(shares[code] * len(free))
        limit = np.partition(open_reach, rank)[rank]
        weight = free * smooth_step((limit - reach) * radii[nearest] / border)
        for lesion in range(count):
            voxels = np.flatnonzero((nearest == lesion) & (weight > 0.01))
            if len(voxels):
                rho = np.clip(reach[voxels] / limit, 0, None).astype(np.float32)
                lesions.append(Lesion(str(code), voxels, weight[voxels], rho))
        free = free - weight
        taken.append(middles)
    return lesions


def healthy_weight(space: LungSpace, lesions: list[Lesion]) -> Values:
    """Return how much of each lung voxel (N,) is left healthy, 0..1."""
    free = np.ones(len(space.index), np.float32)
    for lesion in lesions:
        free[lesion.voxels] -= lesion.weight
    return np.clip(free, 0, 1)


def _middles(
    space: LungSpace, code: str, count: int, taken: list[Points], free: Values, rng: np.random.Generator
) -> Points:
    """Draw places typical for the class, far from each other and from those of other classes."""
    odds = (_ATYPICAL + (1 - _ATYPICAL) * _typical(space, code)) * (free > 0.5)
    odds /= odds.sum()
    middles = np.empty((0, 3))
    for _ in range(count):
        tries = space.points[rng.choice(len(odds), 24, p=odds)]
        score = _nearest_distance(tries, middles) + 0.5 * _nearest_distance(
            tries, np.concatenate([*taken, middles])
        )
        middles = np.concatenate([middles, tries[[np.argmax(score)]]])
    return middles


def _typical(space: LungSpace, code: str) -> Values:
    if code not in _TYPICAL_PLACE:
        return np.ones(len(space.index), np.float32)
    depth, height, depth_width, height_width = _TYPICAL_PLACE[code]
    away = ((space.depth - depth) / depth_width) ** 2 + ((space.height - height) / height_width) ** 2
    return np.exp(-away / 2)


def _nearest_distance(points: Points, others: Points, far: float = 150.0) -> NDArray[np.float64]:
    if not len(others):
        return np.full(len(points), far)
    return np.minimum(np.linalg.norm(points[:, None] - others, axis=2).min(axis=1), far)


def _reach(
    space: LungSpace, code: str, middles: Points, rng: np.random.Generator
) -> tuple[NDArray[np.intp], Values, Values]:
    """Return the nearest lesion (N,), the distance to it in radii (N,), and the radii (L,) in mm."""
    radii = rng.lognormal(np.log(25), 0.25, len(middles)).astype(np.float32)
    rough = 0.16 * smooth_noise(space.points, 20, rng) + 0.10 * smooth_noise(space.points, 7, rng)
    distances = np.stack([_ellipsoid(space.points, m, r, rng) for m, r in zip(middles, radii, strict=True)])
    nearest = distances.argmin(axis=0)
    first, second = np.partition(distances, 1, axis=0)[:2]
    apart = np.clip(0.25 - (second - first), 0, None) * 4  # lesions of one class do not grow together
    reach = first + apart + rough
    if code in _PLEURAL_REACH_MM:
        reach += np.clip(space.depth / _PLEURAL_REACH_MM[code] - 1, 0, None)
    return nearest, reach.astype(np.float32), radii


def _ellipsoid(points: Points, middle: Points, radius: float, rng: np.random.Generator) -> Values:
    """Return the distance (N,) from `middle` in units of the radius of a randomly turned ellipsoid."""
    axes, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    stretch = np.exp(rng.uniform(-0.3, 0.3, 3))
    return np.linalg.norm((points - middle) @ axes / (radius * stretch), axis=1).astype(np.float32)
