"""Textures of interstitial disease: ground glass, consolidation, lines, honeycombs, nodules, fibrosis.

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

DIFFUSE_MEAN_HU = (-720.0, -610.0)

VARIED_MEAN_HU = (-800.0, -540.0)
"""From what is just seen beside healthy lung to what nearly hides its vessels; for networks to learn from."""

AT_RANDOM = 3.0
"""Jitter of a lattice that leaves nothing of its order."""

CLUSTER = 6
"""Nodules of a cluster, in the mean."""


def ground_glass(site: Site, rng: np.random.Generator) -> Values:
    """Return a hazy veil through which vessels are seen; its density changes from lobule to lobule."""
    points = warp(site.points, 1.0, 8, rng)
    lobules = cells(points, rng.uniform(11, 17), rng)
    haze = 1 + 0.3 * lobules.mosaic(rng, seam=4) + 0.22 * smooth_noise(points, 6, rng)
    haze = np.clip(haze + 0.12 * smooth_noise(points, 2, rng), 0.1, None)
    hu = parenchyma(site, rng)
    fraction = (rng.uniform(*DIFFUSE_MEAN_HU) - hu.mean()) / np.mean(haze * (SOFT_TISSUE_HU - hu))
    return add_tissue(hu, np.clip(fraction * haze, 0, 0.8))


def varied_ground_glass(site: Site, rng: np.random.Generator) -> Values:
    """Return `ground_glass`, or half of the time a veil of other density: even, mottled or patchy."""
    if rng.random() < 0.5:
        return ground_glass(site, rng)
    scales = np.geomspace(2.0, 18.0, 4)
    weights = scales ** rng.uniform(-0.5, 0.8)
    weights *= rng.uniform(0.1, 0.4) / np.linalg.norm(weights)
    mottles = sum(
        weight * smooth_noise(site.points, scale, rng) for weight, scale in zip(weights, scales, strict=True)
    )
    haze = np.clip(1 + mottles, 0.1, None)
    hu = parenchyma(site, rng)
    fraction = (rng.uniform(*VARIED_MEAN_HU) - hu.mean()) / np.mean(haze * (SOFT_TISSUE_HU - hu))
    return add_tissue(hu, np.clip(fraction * haze, 0, 0.85))


def consolidation(site: Site, rng: np.random.Generator) -> Values:
    """Return airspace filled with fluid: vessels vanish, some bronchi stay filled with air."""
    points = site.points
    filled = (
        rng.uniform(0.86, 0.96) + 0.05 * smooth_noise(points, 7, rng) + 0.03 * smooth_noise(points, 2, rng)
    )
    filled *= 1 - 0.25 * smooth_step((site.rho - 0.85) / 0.5)
    hu = add_tissue(site.base, np.clip(filled, 0, 1))
    bronchi = strands(points, rng.uniform(14, 22), length=(12, 35), radius=(0.7, 1.8), rng=rng)
    return hu + bronchi.profile(points, site.blur) * (AIR_HU + 60 - hu)


def reticulation(site: Site, rng: np.random.Generator) -> Values:
    """Return thickened septa of the lobules and finer lines within them, over a thin veil."""
    return veil(parenchyma(site, rng), _net(site, rng), rng.uniform(*DIFFUSE_MEAN_HU))


def varied_reticulation(site: Site, rng: np.random.Generator) -> Values:
    """Return `reticulation`, or half of the time a net of any mesh, from within the lobule to around it.

    Meshes are 3 to 18 mm wide and lines 0.6 to 2.4 mm thick, sharp or soft, whole or broken; a second, finer
    net may lie within the first.
    """
    if rng.random() < 0.5:
        return reticulation(site, rng)
    mesh = np.exp(rng.uniform(*np.log((3.0, 18.0))))
    lines = _lines(site, mesh, rng)
    if rng.random() < 0.5:
        finer = _lines(site, max(3.0, mesh * rng.uniform(0.3, 0.6)), rng)
        lines = np.maximum(lines, rng.uniform(0.4, 0.9) * finer)
    return veil(parenchyma(site, rng), lines, rng.uniform(*VARIED_MEAN_HU))


def _lines(site: Site, mesh: float, rng: np.random.Generator) -> Values:
    """Return the opacity (N,) of a net whose meshes are `mesh` mm wide."""
    points = warp(site.points, rng.uniform(0.1, 0.25) * mesh, mesh, rng)
    thickness = min(rng.uniform(0.6, 2.4), mesh / 3)
    blur = float(np.hypot(site.blur, rng.uniform(0.0, 0.8)))
    lines = sheet(cells(points, mesh, rng, rng.uniform(0.8, AT_RANDOM)).wall, thickness, blur)
    kept = smooth_step(smooth_noise(points, 1.2 * mesh, rng) + rng.uniform(-0.2, 1.5))
    return rng.uniform(0.4, 0.95) * lines * kept


def honeycombing(site: Site, rng: np.random.Generator) -> Values:
    """Return clustered cysts of air that share thick walls; the walls are as thick as the density asks."""
    points = warp(site.points, 0.5, 6, rng)
    pitch = rng.uniform(4.0, 6.5)
    small, large = cells(points, pitch, rng), cells(points, 1.5 * pitch, rng)
    wall = np.where(smooth_noise(points, 12, rng) > 0.3, 0.8 * large.wall, small.wall)
    lumen = AIR_HU + rng.uniform(30, 80) + 12 * smooth_noise(points, 5, rng)
    solid = np.clip(0.75 + 0.10 * smooth_noise(points, 4, rng), 0.4, 1)
    mean = rng.uniform(*DIFFUSE_MEAN_HU) + 25  # makes up for the vessels, which cysts do not keep
    share = (mean - lumen.mean()) / np.mean(solid * (SOFT_TISSUE_HU - lumen))
    thickness = 2 * np.quantile(wall, np.clip(share, 0.1, 0.7)) * np.exp(0.25 * smooth_noise(points, 7, rng))
    return add_tissue(lumen, sheet(wall, thickness, site.blur) * solid)


def fibrosis(site: Site, rng: np.random.Generator) -> Values:
    """Return a mix that changes from place to place: reticulation, traction, honeycombing near the pleura.

    Traction: bronchi that the scar pulls wide, dark tubes with thick walls.
    """
    bronchi = strands(site.points, rng.uniform(10, 15), length=(8, 25), radius=(0.9, 2.2), rng=rng)
    distance, radius = bronchi.distance(site.points, reach=6)
    bronchial_wall = sheet(np.abs(distance - radius - 0.5), 1.0, site.blur)
    lumen = smooth_step((radius - distance) / (2.5 * site.blur))
    lines = np.maximum(_net(site, rng), 0.85 * bronchial_wall)
    hu = veil(parenchyma(site, rng), lines, rng.uniform(*DIFFUSE_MEAN_HU))
    hu += lumen * (AIR_HU + 40 - hu)
    cystic = 0.9 * smooth_noise(site.points, 14, rng) + rng.uniform(-0.4, 1.2) - site.depth / 14
    return hu + smooth_step(cystic / 0.6) * (honeycombing(site, rng) - hu)


def _net(site: Site, rng: np.random.Generator) -> Values:
    """Return the opacity (N,) of septa between lobules and of the finer, broken lines within them."""
    points = warp(site.points, 0.8, 6, rng)
    septa = sheet(cells(points, rng.uniform(10, 15), rng).wall, rng.uniform(0.7, 1.1), site.blur)
    septa *= smooth_step(smooth_noise(points, 7, rng) + 0.9)
    fine = sheet(
        cells(warp(points, 0.5, 2.5, rng), rng.uniform(3.2, 5.0), rng).wall, rng.uniform(0.5, 0.8), site.blur
    )
    fine *= smooth_step(smooth_noise(points, 3.5, rng) - 0.1)
    return np.maximum(0.8 * septa, 0.6 * fine)


def micronodules(site: Site, rng: np.random.Generator) -> Values:
    """Return healthy lung sown with nodules of 1-4 mm: soft and centrilobular, or sharp and at random."""
    centrilobular = rng.random() < 0.5
    jitter, radius, opacity, softness = (0.9, 1.15, 0.7, 0.5) if centrilobular else (1.0, 0.88, 0.85, 0.2)
    centres = scatter(site.points, rng.uniform(5.8, 7.0), rng, jitter)
    radii = np.clip(radius * rng.lognormal(0, 0.25, len(centres)), 0.5, 2.0).astype(np.float32)
    blur, opacity = np.hypot(site.blur, softness), opacity * rng.uniform(0.8, 1.1)
    return add_tissue(parenchyma(site, rng), opacity * balls(site.points, centres, radii, blur))


def varied_micronodules(site: Site, rng: np.random.Generator) -> Values:
    """Return `micronodules`, or nodules of other sizes and densities, spread at random or in clusters.

    Half of them are as `micronodules` draws them. Others are 0.8 to 6 mm wide, faint or solid, and lie as
    along bronchovascular bundles or as from the blood: their places keep no distance from one another.
    """
    if rng.random() < 0.5:
        return micronodules(site, rng)
    pitch = rng.uniform(4.0, 7.5)
    if rng.random() < 0.5:
        centres = scatter(site.points, pitch, rng, AT_RANDOM)
    else:
        parents = scatter(site.points, 2 * pitch, rng, AT_RANDOM)
        parents = np.repeat(parents, rng.poisson(CLUSTER, len(parents)), axis=0)
        centres = parents + rng.normal(0, rng.uniform(2.0, 5.0), parents.shape)
        if not len(centres):
            centres = scatter(site.points, pitch, rng, AT_RANDOM)
    radius = rng.uniform(0.7, 1.7)
    radii = np.clip(radius * rng.lognormal(0, 0.3, len(centres)), 0.4, 3.0).astype(np.float32)
    blur, opacity = np.hypot(site.blur, rng.uniform(0.15, 0.9)), rng.uniform(0.6, 1.05)
    return add_tissue(parenchyma(site, rng), opacity * balls(site.points, centres, radii, blur))
