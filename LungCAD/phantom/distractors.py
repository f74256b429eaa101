"""What resembles the signs of aspergillosis: bulla, nodule, consolidation, effusion, atelectasis."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from LungCAD.phantom.cavities import SHARP_MM, claim
from LungCAD.phantom.interstitial import consolidation
from LungCAD.phantom.lesions import Lesion, LungSpace
from LungCAD.phantom.structures import Points, Values, smooth_noise, smooth_step
from LungCAD.phantom.textures import AIR_HU, Site, Texture, add_tissue


def bulla(site: Site, rng: np.random.Generator) -> Values:
    """Return air within a wall as thin as a hair."""
    wall = rng.uniform(0.15, 0.4) * smooth_step((site.rho - 0.97) / 0.06)
    return add_tissue(np.full(len(site.rho), AIR_HU + 10, np.float32), wall)


def nodule(site: Site, rng: np.random.Generator) -> Values:
    """Return solid tissue, evenly dense."""
    tissue = rng.uniform(0.90, 1.0) + 0.02 * smooth_noise(site.points, 4, rng)
    return add_tissue(site.base, np.clip(tissue, 0, 1.05))


def effusion(site: Site, rng: np.random.Generator) -> Values:
    """Return fluid: smooth, and less dense than a thick pleura."""
    return np.full(len(site.rho), rng.uniform(0, 18), np.float32)


def atelectasis(site: Site, rng: np.random.Generator) -> Values:
    """Return collapsed lung: nearly soft tissue, streaked with air."""
    tissue = rng.uniform(0.75, 0.92) + 0.08 * smooth_noise(site.points, 3, rng)
    return add_tissue(site.base, np.clip(tissue, 0, 1))


DISTRACTORS: Mapping[str, Texture] = {
    "bulla": bulla,
    "nodule": nodule,
    "consolidation": consolidation,
    "effusion": effusion,
    "atelectasis": atelectasis,
}
"""How each looks, by name."""

RADIUS_MM = {"bulla": (9, 25), "nodule": (4, 15), "consolidation": (15, 32), "atelectasis": (20, 45)}
EFFUSION_MM = (4, 20)
"""Depth of the fluid behind the lung at its deepest."""

PLATE_MM = (1.5, 4)
"""Half the thickness of an atelectatic plate."""


def place_distractor(
    name: str,
    space: LungSpace,
    place: Points,
    region: np.ndarray,
    lesions: list[Lesion],
    free: Values,
    rng: np.random.Generator,
) -> Values:
    """Add one of `DISTRACTORS` about a place, or in a region for fluid; return what of the lung stays free.

    place : (3,) in mm. region : (N,) bool, the voxels of the lung space in the region.
    """
    if name == "effusion":
        return _fluid(space, region, lesions, free, rng)
    radius = rng.uniform(*RADIUS_MM[name])
    shape: Callable[..., Values] = _plate if name == "atelectasis" else _lump
    return claim(lesions, name, shape(space.points, place, radius, rng), radius, free, SHARP_MM)


def _lump(points: Points, middle: Points, radius: float, rng: np.random.Generator) -> Values:
    """Return the distance from the middle in radii of a bumpy ball that is somewhat stretched."""
    stretched = (points - middle) * np.exp(rng.uniform(-0.2, 0.2, 3))
    reach = np.linalg.norm(stretched, axis=1) / radius
    near = reach < 2
    reach[near] *= 1 + 0.06 * smooth_noise(points[near], max(radius / 2, 3), rng)
    return reach


def _plate(points: Points, middle: Points, radius: float, rng: np.random.Generator) -> Values:
    """Return the distance in units of a disc's radius and thickness; the disc lies more or less flat."""
    normal = rng.normal((1, 0, 0), 0.35)
    normal /= np.linalg.norm(normal)
    away = points - middle
    height = away @ normal
    across = np.linalg.norm(away - height[:, None] * normal, axis=1)
    return np.hypot(across / radius, height / rng.uniform(*PLATE_MM))


def _fluid(
    space: LungSpace, region: np.ndarray, lesions: list[Lesion], free: Values, rng: np.random.Generator
) -> Values:
    """Fill the back of the chest up to a level that rises towards the wall, as in a patient on the back."""
    y = space.points[:, 1]
    deepest = y[region].max()
    rise = rng.uniform(0.1, 0.5) * np.clip(8 - space.depth, 0, 8)
    level = deepest - rng.uniform(*EFFUSION_MM) - rise
    z = space.points[:, 0]
    low, high = z[region].min(), z[region].max()
    fade = np.clip(np.maximum(low - z, z - high) / 8, 0, None)  # it thins out beyond the region
    x, half = space.points[:, 2], space.points[region, 2]
    side = (x >= half.min()) & (x <= half.max())
    reach = np.where(side, 1 + (level - y) / 10 + fade, 9).astype(np.float32)
    return claim(lesions, "effusion", reach, 10.0, free, SHARP_MM)
