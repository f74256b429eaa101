"""Textures of emphysema, after the six classes that readers tell apart on HRCT.

Centrilobular (mild, moderate, severe), panlobular and paraseptal; the classes and their look follow
Sørensen et al., "Quantitative analysis of pulmonary emphysema using local binary patterns", IEEE TMI 2010.
"""

from __future__ import annotations

import numpy as np

from LungCAD.phantom.structures import Values, cells, sheet, smooth_noise, smooth_step, warp
from LungCAD.phantom.textures import AIR_HU, Site, add_tissue, parenchyma


def centrilobular(site: Site, rng: np.random.Generator, severity: tuple[float, float] = (0.4, 1.0)) -> Values:
    """Return holes without walls amid the lobules; `severity`: range in 0 (few) .. 1 (confluent)."""
    severe = rng.uniform(*severity)
    points = warp(site.points, 0.8, 5, rng)
    pitch = rng.uniform(6.0, 9.0)
    units = cells(points, pitch, rng)
    radius = pitch * (0.22 + 0.33 * severe) * np.exp(0.25 * units.per_cell(rng))
    affected = units.per_cell(rng) < -0.4 + 2.4 * severe
    hole = affected * smooth_step((radius - units.centre) / rng.uniform(1.5, 3.0))
    hu = parenchyma(site, rng)
    loss = 0.6 * severe**2 - 0.14 + 0.27 * rng.standard_normal() + 0.2 * smooth_noise(points, 15, rng)
    loss = np.clip(loss, -0.25, 0.95)
    rarefied = hu + loss * (AIR_HU + 15 - hu)
    hu = rarefied + rng.uniform(0.7, 1.0) * hole * (AIR_HU + 12 - rarefied)
    strands = sheet(units.wall, 0.5, site.blur) * smooth_step(smooth_noise(points, 5, rng) - 0.3)
    return add_tissue(hu, 0.15 * severe * affected * strands)  # tissue pressed together between the holes


def panlobular(site: Site, rng: np.random.Generator) -> Values:
    """Return evenly destroyed lobules: featureless, almost air, few and thin vessels."""
    hu = parenchyma(site, rng, vessel_pitch=11.0)
    loss = rng.uniform(0.5, 0.98) + 0.16 * smooth_noise(site.points, 12, rng)
    remains = 12 * smooth_noise(site.points, 2.2, rng)
    return hu + np.clip(loss, 0, 1) * (AIR_HU + 10 - hu) + remains


def paraseptal(site: Site, rng: np.random.Generator) -> Values:
    """Return a row of thin-walled cysts along the pleura, mild centrilobular holes behind it."""
    points = warp(site.points, 0.6, 8, rng)
    pitch = rng.uniform(10, 18)
    cysts = cells(points, pitch, rng)
    walls = 0.7 * sheet(cysts.wall, rng.uniform(0.25, 0.5), site.blur)
    cystic = add_tissue(AIR_HU + 25 + 8 * smooth_noise(points, 6, rng), walls)
    behind = centrilobular(site, rng, severity=(0.2, 0.6))
    return behind + smooth_step((pitch - site.depth) / 4) * (cystic - behind)


def emphysema(site: Site, rng: np.random.Generator) -> Values:
    """Return one of the three kinds: paraseptal only where the lesion reaches the pleura."""
    at_pleura = np.mean(site.depth < 12) > 0.5
    kinds = [centrilobular, panlobular, paraseptal]
    odds = [0.5, 0.2, 0.3] if at_pleura else [0.7, 0.3, 0.0]
    return kinds[rng.choice(3, p=odds)](site, rng)
