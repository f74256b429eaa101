"""Healthy parenchyma, and what all textures share: the place they fill and how tissue mixes with air."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from LungCAD.phantom.structures import Points, Values, smooth_noise, strands

AIR_HU = -1000.0
SOFT_TISSUE_HU = 40.0


@dataclass(frozen=True)
class Site:
    """The place that a texture fills.

    Attributes
    ----------
    points : positions in mm (N, 3), order (z, y, x).
    base : HU of the healthy parenchyma there, without its small structures (N,).
    depth : distance to the surface of the lung in mm (N,).
    rho : 0 in the middle of the lesion, 1 on its border (N,).
    blur : standard deviation of the scanner's blur in mm.
    """

    points: Points
    base: Values
    depth: Values
    rho: Values
    blur: float


Texture = Callable[[Site, np.random.Generator], Values]
"""Draws one lesion's own variant and returns the HU (N,) that take the place of the parenchyma."""


def add_tissue(hu: Values, fraction: Values | float) -> Values:
    """Return the HU after soft tissue took `fraction` (0..1) of what was there."""
    return hu + fraction * (SOFT_TISSUE_HU - hu)


def parenchyma(site: Site, rng: np.random.Generator, vessel_pitch: float = 9.0) -> Values:
    """Return healthy lung: slow and fine differences of density, vessels too small for the vessel tree."""
    points = site.points
    hu = site.base + 8 * smooth_noise(points, 9, rng) + 11 * smooth_noise(points, 2.2, rng)
    vessels = strands(points, vessel_pitch, length=(4, 14), radius=(0.25, 0.55), rng=rng)
    return add_tissue(hu, 0.9 * vessels.profile(points, site.blur))


def varied_parenchyma(site: Site, rng: np.random.Generator) -> Values:
    """Return `parenchyma`, or half of the time one that differs more from place to place.

    Density then changes finely and slowly, as perfusion does, either by up to 25 HU (standard deviation). It
    rises towards the back, where a lying patient's lung is denser, or a little towards the front, when prone.
    """
    hu = parenchyma(site, rng)
    if rng.random() < 0.5:
        return hu
    fine, broad = (
        rng.uniform(0, 25) * smooth_noise(site.points, rng.uniform(*scale), rng)
        for scale in ((2, 4), (8, 30))
    )
    dependent = rng.uniform(-0.2, 0.5) * (site.points[:, 1] - site.points[:, 1].mean())
    return (hu + fine + broad + dependent).astype(np.float32)


def veil(hu: Values, lines: Values, mean_hu: float, densest: float = 0.5) -> Values:
    """Return `hu` under an even veil of tissue below opaque `lines` (0..1), so that the mean is `mean_hu`.

    The veil takes at most the fraction `densest`; lines that are already too dense leave none.
    """
    clear = 1 - lines
    room = np.mean(clear * (SOFT_TISSUE_HU - hu))
    fraction = (mean_hu - np.mean(clear * hu + lines * SOFT_TISSUE_HU)) / max(room, 1.0)
    return add_tissue(add_tissue(hu, float(np.clip(fraction, 0, densest))), lines)
