"""What has the densities of a disease but another structure, so that density alone cannot tell the disease.

A mimic draws the disease itself and then puts its voxels elsewhere: the histogram of what is painted is the
same, what is seen is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from LungCAD.phantom import interstitial
from LungCAD.phantom.structures import Values, scatter, smooth_noise, warp
from LungCAD.phantom.textures import Site, Texture

LOST_MM = 0.3
"""Blur that a disease gets before its voxels are put elsewhere.

Scanners take more from thin lines and walls than from lumps. With this, the histograms of disease and mimic
are nearly the same after the scan that the benchmark of detection has.
"""


def filled_emphysema(site: Site, rng: np.random.Generator) -> Values:
    """Return the densities of honeycombing as irregular pockets of air amid dense tissue.

    So looks pneumonia in emphysema, which readers know as pseudohoneycombing.
    """
    pockets = smooth_noise(site.points, rng.uniform(3.5, 6.0), rng)
    pockets += 0.8 * smooth_noise(site.points, 2.0, rng)
    return _arranged(interstitial.honeycombing(_seen(site), rng), pockets)


def nodular_haze(site: Site, rng: np.random.Generator) -> Values:
    """Return the densities of reticulation as blurred nodules amid haze."""
    points = warp(site.points, 1.0, 5, rng)
    centres = scatter(points, rng.uniform(5.5, 9.0), rng, jitter=1.0)
    away = cKDTree(centres).query(points)[0]
    nearness = 1.2 * smooth_noise(points, 2.5, rng) - away
    return _arranged(interstitial.reticulation(_seen(site), rng), nearness)


MIMICS: Mapping[str, Texture] = {"filled_emphysema": filled_emphysema, "nodular_haze": nodular_haze}
"""How each looks, by name; no label schema has a class for them."""


def _seen(site: Site) -> Site:
    return replace(site, blur=float(np.hypot(site.blur, LOST_MM)))


def _arranged(hu: Values, order: Values) -> Values:
    """Return the same values (N,), the least where `order` is least and the greatest where it is greatest."""
    arranged = np.empty_like(hu)
    arranged[np.argsort(order)] = np.sort(hu)
    return arranged
