"""Textures of interstitial disease: ground glass, consolidation, reticulation, honeycombing, nodules, fibrosis.

Every lesion draws its mean density from one range that the diffuse classes share, so that density
tells a reader little: what differs is the structure.
"""

from __future__ import annotations

import numpy as np

from LungCAD.phantom.structures import (
    Values,
    balls,
    cells,
    scatter,
    sheet,
    smooth_noise,
    smooth_step,
    strands,
    warp,
)
from LungCAD.phantom.textures import AIR_HU, SOFT_TISSUE_HU, Site, add_tissue, parenchyma, veil

DIFFUSE_MEAN_HU = (-740.0, -610.0)


def ground_glass(site: Site, rng: np.random.Generator) -> Values:
    """Return a hazy veil through which vessels are seen; its density changes from lobule to lobule."""
    points = warp(site.points, 1.0, 8, rng)
    lobules = cells(points, rng.uniform(11, 17), rng)
    haze = 1 + 0.22 * lobules.per_cell(rng) + 0.22 * smooth_noise(points, 6, rng)
    haze = np.clip(haze + 0.12 * smooth_noise(points, 2, rng), 0.1, None)
    hu = parenchyma(site, rng)
    fraction = (rng.uniform(*DIFFUSE_MEAN_HU) - hu.mean()) / np.mean(haze * (SOFT_TISSUE_HU - hu))
    return add_tissue(hu, np.clip(fraction * haze, 0, 0.8))


def consolidation(site: Site, rng: np.random.Generator) -> Values:
    """Return airspace filled with fluid: vessels vanish, some bronchi stay filled with air."""
    points = site.points
    filled = rng.uniform(0.86, 0.96) + 0.05 * smooth_noise(points, 7, rng) + 0.03 * smooth_noise(points, 2, rng)
    filled *= 1 - 0.25 * smooth_step((site.rho - 0.85) / 0.5)
    hu = add_tissue(site.base, np.clip(filled, 0, 1))
    bronchi = strands(points, rng.uniform(14, 22), length=(12, 35), radius=(0.7, 1.8), rng=rng)
    return hu + bronchi.profile(points, site.blur) * (AIR_HU + 60 - hu)


def reticulation(site: Site, rng: np.random.Generator) -> Values:
    """Return thickened septa of the lobules and finer lines within them, over a thin veil."""
    points = warp(site.points, 0.8, 6, rng)
    lobules = cells(points, rng.uniform(9, 14), rng)
    mesh = cells(points, rng.uniform(3.2, 5.0), rng)
    septa = sheet(lobules.wall, rng.uniform(0.8, 1.2), site.blur) * lobules.kept_walls(0.7, rng)
    fine = sheet(mesh.wall, rng.uniform(0.45, 0.75), site.blur) * mesh.kept_walls(0.5, rng)
    patchy = np.clip(0.75 + 0.25 * smooth_noise(points, 9, rng), 0.2, 1)
    lines = np.maximum(0.85 * septa, 0.75 * patchy * fine)
    return veil(parenchyma(site, rng), lines, rng.uniform(*DIFFUSE_MEAN_HU))


def honeycombing(site: Site, rng: np.random.Generator) -> Values:
    """Return clustered cysts of air that share thick walls; the walls are as thick as the density asks."""
    points = warp(site.points, 0.5, 6, rng)
    cysts = cells(points, rng.uniform(4.5, 8.0), rng, jitter=0.75)
    lumen = AIR_HU + rng.uniform(30, 80) + 12 * smooth_noise(points, 5, rng)
    solid = 0.75 + 0.08 * smooth_noise(points, 4, rng)
    wall_share = (rng.uniform(*DIFFUSE_MEAN_HU) - lumen.mean()) / np.mean(solid * (SOFT_TISSUE_HU - lumen))
    thickness = 2 * np.quantile(cysts.wall, np.clip(wall_share, 0.1, 0.7))
    walls = sheet(cysts.wall, thickness * np.exp(0.2 * smooth_noise(points, 8, rng)), site.blur)
    return add_tissue(lumen, walls * solid)


def traction(site: Site, rng: np.random.Generator) -> Values:
    """Return fibrosis around bronchi that it pulls wide: dark tubes with thick walls in a dense veil."""
    tubes = strands(site.points, rng.uniform(11, 15), length=(8, 25), radius=(1.0, 2.4), rng=rng)
    distance, radius = tubes.distance(site.points, reach=6)
    wall = sheet(np.abs(distance - radius - 0.5), 1.0, site.blur)
    hu = veil(parenchyma(site, rng), 0.9 * wall, rng.uniform(*DIFFUSE_MEAN_HU) + 40)
    return hu + smooth_step((radius - distance) / (2.5 * site.blur)) * (AIR_HU + 40 - hu)


def fibrosis(site: Site, rng: np.random.Generator) -> Values:
    """Return a mix that changes from place to place: honeycombing, mostly at the pleura, reticulation, traction."""
    cystic = 0.9 * smooth_noise(site.points, 14, rng) + rng.uniform(-0.8, 0.8) + 1.2 - site.depth / 12
    pulled = smooth_noise(site.points, 16, rng) - 0.9
    hu = reticulation(site, rng)
    hu += smooth_step(pulled / 0.5) * (traction(site, rng) - hu)
    return hu + smooth_step(cystic / 0.6) * (honeycombing(site, rng) - hu)


def micronodules(site: Site, rng: np.random.Generator) -> Values:
    """Return healthy lung sown with nodules of 1-4 mm: soft and centrilobular, or sharp and at random."""
    centrilobular = rng.random() < 0.5
    jitter, opacity = (0.6, rng.uniform(0.55, 0.8)) if centrilobular else (1.0, rng.uniform(0.75, 0.95))
    centres = scatter(site.points, rng.uniform(5.0, 6.2), rng, jitter)
    radii = np.clip(rng.lognormal(np.log(1.15), 0.25, len(centres)), 0.5, 2.0).astype(np.float32)
    blur = np.hypot(site.blur, 0.5) if centrilobular else site.blur
    return add_tissue(parenchyma(site, rng), opacity * balls(site.points, centres, radii, blur))
