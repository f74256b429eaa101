"""The signs of chronic pulmonary aspergillosis: cavities, fungus balls in them, thickened pleura."""

from __future__ import annotations

import numpy as np

from LungCAD.phantom.lesions import BORDER_MM, Lesion, LungSpace
from LungCAD.phantom.structures import Values, smooth_noise, smooth_step
from LungCAD.phantom.textures import AIR_HU, Site, add_tissue

SHARP_MM = 1.2


def cavity(site: Site, rng: np.random.Generator) -> Values:
    """Return air within an uneven wall of soft tissue."""
    wall = rng.uniform(0.10, 0.30) + 0.05 * smooth_noise(site.points, 8, rng)
    tissue = rng.uniform(0.88, 0.98) + 0.03 * smooth_noise(site.points, 3, rng)
    solid = smooth_step((site.rho - (1 - wall)) / 0.06)
    return add_tissue(np.full(len(site.rho), AIR_HU, np.float32), np.clip(solid * tissue, 0, 1))


def fungus_ball(site: Site, rng: np.random.Generator) -> Values:
    """Return soft tissue with specks of air, in the manner of a sponge."""
    sponge = 0.92 + 0.05 * smooth_noise(site.points, 5, rng)
    specks = smooth_step((smooth_noise(site.points, 2.5, rng) - 2.0) / 0.6)
    return add_tissue(np.full(len(site.rho), AIR_HU, np.float32), np.clip(sponge - 0.4 * specks, 0, 1))


def pleural_thickening(site: Site, rng: np.random.Generator) -> Values:
    """Return a rind of soft tissue."""
    tissue = 0.96 + 0.02 * smooth_noise(site.points, 4, rng)
    return add_tissue(site.base, np.clip(tissue, 0, 1))


def plan_aspergillosis(space: LungSpace, rng: np.random.Generator) -> list[Lesion]:
    """Place cavities in the upper lung, balls in two of them, rinds of thick pleura beside them."""
    free = np.ones(len(space.index), np.float32)
    lesions: list[Lesion] = []
    for number in range(int(rng.integers(2, 4))):
        radius = rng.uniform(16, 28)
        upper = np.flatnonzero(
            (space.height > 0.45) & (space.depth > min(0.5 * radius, 0.7 * space.depth.max()))
        )
        middle = space.points[rng.choice(upper)]
        rough = 1 + 0.07 * smooth_noise(space.points, 15, rng)
        distance = np.linalg.norm(space.points - middle, axis=1) * rough
        if number < 2:
            ball_radius = rng.uniform(0.40, 0.55) * radius
            sunk = middle + np.array(
                [0.0, 0.2 * radius, 0.0]
            )  # a ball lies on the floor: air forms a crescent above
            ball = np.linalg.norm(space.points - sunk, axis=1) * rough
            free = claim(lesions, "fungus_ball", ball / ball_radius, ball_radius, free, SHARP_MM)
        free = claim(lesions, "cavity", distance / radius, radius, free, SHARP_MM)
        thickness = rng.uniform(5, 12) * np.clip(1.2 - distance / (2.0 * radius), 0, None)
        thickness *= np.clip(1 + 0.25 * smooth_noise(space.points, 12, rng), 0.2, None)
        free = claim(
            lesions, "pleural_thickening", space.depth / np.maximum(thickness, 0.01), 4.0, free, SHARP_MM
        )
    return lesions


def claim(
    lesions: list[Lesion], code: str, reach: Values, radius: float, free: Values, border: float = BORDER_MM
) -> Values:
    """Add a lesion that fills where `reach` < 1, as far as that is free; return what stays free."""
    weight = (free * smooth_step((1 - reach) * radius / border)).astype(np.float32)
    voxels = np.flatnonzero(weight > 0.01)
    if len(voxels):
        lesions.append(Lesion(code, voxels, weight[voxels], reach[voxels].astype(np.float32)))
    return free - weight
