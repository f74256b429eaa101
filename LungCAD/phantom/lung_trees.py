"""Arteries, veins and bronchi inside the lungs of one body, as short tubes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from LungCAD.phantom.lung_shape import Lungs
from LungCAD.phantom.mediastinum import Mediastinum
from LungCAD.phantom.trees import Tree, bend, grow_tree
from LungCAD.phantom.tubes import Tubes, join

PITCH = 6.0  # mean distance between terminal vessels, mm: the centre of an acinus
TERMINAL_RADIUS = 0.26  # of a vessel at the centre of an acinus, mm
SMALLEST_BRONCHUS = 0.55  # radius of the smallest airway that CT shows, mm


def grow_lung_trees(lungs: Lungs, mediastinum: Mediastinum, rng: np.random.Generator) -> tuple[Tubes, Tubes]:
    """Return the vessels and the lumina of the bronchi of both lungs."""
    vessels, bronchi = [], []
    for side in (0, 1):
        targets, lobes = _acini(lungs, side, rng)
        arteries = grow_tree(mediastinum.hilum["artery", side], targets, lobes, rng)
        vessels.append(bend(arteries, arteries.radii(TERMINAL_RADIUS), rng))
        bronchi.append(_bronchi(arteries, rng))
        targets, lobes = _acini(lungs, side, rng)
        veins = grow_tree(mediastinum.hilum["vein", side], targets, lobes, rng)
        vessels.append(bend(veins, veins.radii(0.95 * TERMINAL_RADIUS), rng))
    return join(vessels), join(bronchi)


def _acini(lungs: Lungs, side: int, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
    """Return the centres (N, 3) of a lung's acini, one to a cell of a jittered lattice, and their lobes."""
    p = lungs.physique
    low = np.array([-p.half_width if side == 0 else 0, -p.front, p.floor - 15])
    high = np.array([0 if side == 0 else p.half_width, p.back + 25, p.apex])
    axes = [np.arange(a, b, PITCH) for a, b in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    points = (points + rng.uniform(0, PITCH, points.shape)).astype(np.float32)
    points = points[lungs.distance(*points.T) < -1.0]
    return points, lungs.lobe(points)


def _bronchi(arteries: Tree, rng: np.random.Generator) -> Tubes:
    """Return the bronchi that run beside the arteries."""
    radius = 0.85 * arteries.radii(TERMINAL_RADIUS)
    large = radius > SMALLEST_BRONCHUS
    shift = np.array([0, 1.0, 0.6]) / np.hypot(1, 0.6)
    beside = 2.2 * radius[:, None] * shift
    before = np.where(arteries.parent[:, None] >= 0, beside[arteries.parent], beside)
    names = np.cumsum(large) - 1
    parent = np.where(arteries.parent >= 0, names[arteries.parent], -1)
    tree = Tree(
        (arteries.start + before)[large],
        (arteries.stop + beside)[large],
        parent[large],
        arteries.terminals[large],
    )
    return bend(tree, radius[large], rng)
