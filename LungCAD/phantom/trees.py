"""Trees of vessels and airways that fill a lung.

Growth follows the volume-filling algorithm of Tawhai, Pullan and Hunter (Annals of Biomedical Engineering 28, 2000):
the tissue that a branch supplies is split in two, a child grows part of the way to the centroid of each half, until
every piece of tissue has its own terminal branch. Radii follow Murray's law, r^k = r1^k + r2^k.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MURRAY = 2.7  # exponent k in human pulmonary arteries (3 is the optimum of a laminar tube)
REACH = 0.42  # part of the way to the centroid that a branch grows


@dataclass(frozen=True)
class Tree:
    """Branches of a tree: `start`, `stop` (N, 3) in mm, `parent` (N,), -1 at a root, and `terminals` (N,) they feed."""

    start: NDArray
    stop: NDArray
    parent: NDArray
    terminals: NDArray

    def radii(self, terminal_radius: float) -> NDArray:
        """Return the radius of every branch by Murray's law, (N,) in mm."""
        return terminal_radius * self.terminals ** (1 / MURRAY)


def grow_tree(root: NDArray, targets: NDArray, groups: NDArray, rng: np.random.Generator) -> Tree:
    """Grow a tree from `root` (3,) to all `targets` (N, 3); each of the `groups` (N,) gets its own first branch."""
    owner = np.unique(groups, return_inverse=True)[1]
    tip = np.tile(np.asarray(root, float), (owner.max() + 1, 1))
    parent = np.full(len(tip), -1)
    points = np.asarray(targets, float)
    branches: list[tuple[NDArray, NDArray, NDArray, NDArray]] = []
    grown = 0
    while len(points):
        count = np.bincount(owner, minlength=len(tip))
        centroid = np.stack([np.bincount(owner, c, len(tip)) for c in points.T], axis=1) / count[:, None]
        reach = np.where(count == 1, 1.0, REACH)[:, None]
        stop = tip + reach * (centroid - tip)
        branches.append((tip, stop, parent, count))
        alive = count[owner] > 1
        points, owner = points[alive], owner[alive]
        half = _upper_half(points, owner, stop - tip, rng)
        names, owner = np.unique(2 * owner + half, return_inverse=True)
        tip, parent = stop[names // 2], grown + names // 2
        grown += len(stop)
    return Tree(*(np.concatenate(column) for column in zip(*branches, strict=True)))


def _upper_half(points: NDArray, owner: NDArray, direction: NDArray, rng: np.random.Generator) -> NDArray:
    """Split every owner's points in two across their widest extent, unevenly as lungs do; return 0 or 1 (N,)."""
    if not len(points):
        return owner
    count = np.maximum(np.bincount(owner, minlength=len(direction)), 1)
    mean = np.stack([np.bincount(owner, c, len(direction)) for c in points.T], axis=1) / count[:, None]
    centred = points - mean[owner]
    scatter = np.empty((len(direction), 3, 3))
    for i in range(3):
        for j in range(3):
            scatter[:, i, j] = np.bincount(owner, centred[:, i] * centred[:, j], len(direction))
    # the plane of the fork holds the branch itself: take its direction out of the scatter
    unit = direction / np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-9)
    across = np.eye(3) - 0.9 * unit[:, :, None] * unit[:, None, :]
    axis = np.linalg.eigh(across @ scatter @ across)[1][:, :, 2]
    height = np.einsum("ni,ni->n", centred, axis[owner])
    order = np.lexsort((height, owner))
    first = np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=len(direction)))))[:-1]
    rank = np.empty(len(points), int)
    rank[order] = np.arange(len(points)) - first[owner[order]]
    cut = np.clip(np.rint(count * rng.uniform(0.3, 0.7, len(count))), 1, np.maximum(count - 1, 1))
    return (rank >= cut[owner]).astype(int)


def bend(tree: Tree, radius: NDArray, pieces: int, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
    """Return the branches as smooth curves: nodes (N, pieces + 1, 3) and their radius (N, pieces + 1), in mm.

    A branch leaves along the mean of its own and its parent's direction and is bowed a little at random.
    """
    chord = tree.stop - tree.start
    length = np.linalg.norm(chord, axis=1, keepdims=True)
    came = np.where(tree.parent[:, None] >= 0, chord[tree.parent], chord)
    came = came / np.maximum(np.linalg.norm(came, axis=1, keepdims=True), 1e-9) * length
    bow = rng.normal(0, 0.08, chord.shape) * length
    first = tree.start + (chord + came) / 6 + bow
    second = tree.stop - chord / 3 + bow
    t = np.linspace(0, 1, pieces + 1)[None, :, None]
    curve = (
        (1 - t) ** 3 * tree.start[:, None]
        + 3 * t * (1 - t) ** 2 * first[:, None]
        + 3 * t**2 * (1 - t) * second[:, None]
        + t**3 * tree.stop[:, None]
    )
    before = np.where(tree.parent >= 0, np.minimum(radius[tree.parent], 1.25 * radius), radius)
    along = before[:, None] + (radius - before)[:, None] * np.linspace(0, 1, pieces + 1)
    return curve, along
