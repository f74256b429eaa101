"""Trees of vessels and airways that fill a lung.

Growth follows the volume-filling algorithm of Tawhai, Pullan and Hunter (Annals of Biomedical Engineering
28, 2000): the tissue that a branch supplies is split in two, a child grows part of the way to the centroid of
each half, until every piece of tissue has its own terminal branch. Radii follow Murray's law,
r^k = r1^k + r2^k.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from LungCAD.phantom.tubes import Tubes

MURRAY = 3.0  # exponent k of a tree that moves its flow with the least work
REACH = 0.3  # part of the way to the centroid that a branch grows
UNEVEN = 0.15  # the smaller share of a fork, at the least
BOW = 0.06  # sideways excursion of a branch, per length
WIDENING = 1.25  # a branch starts at most so much wider than it goes on
PIECES = 3  # straight tubes of a curved branch


@dataclass(frozen=True)
class Tree:
    """Branches from `start` to `stop` (N, 3) in mm; `parent` (N,), -1 at a root; `terminals` (N,) fed."""

    start: NDArray
    stop: NDArray
    parent: NDArray
    terminals: NDArray

    def radii(self, terminal_radius: float) -> NDArray:
        """Return the radius of every branch by Murray's law, (N,) in mm."""
        return terminal_radius * self.terminals ** (1 / MURRAY)


def grow_tree(root: NDArray, targets: NDArray, groups: NDArray, rng: np.random.Generator) -> Tree:
    """Grow a tree from `root` (3,) to all `targets` (N, 3); each of the `groups` (N,) has its own branch."""
    owner = np.unique(groups, return_inverse=True)[1]
    tip = np.tile(np.asarray(root, float), (owner.max() + 1, 1))
    parent = np.full(len(tip), -1)
    points = np.asarray(targets, float)
    branches: list[tuple[NDArray, NDArray, NDArray, NDArray]] = []
    grown = 0
    while len(points):
        count = np.bincount(owner, minlength=len(tip))
        centroid = _means(points, owner, count)
        reach = np.where(count == 1, 1.0, REACH)[:, None]
        stop = tip + reach * (centroid - tip)
        branches.append((tip, stop, parent, count))
        alive = count[owner] > 1
        points, owner = points[alive], owner[alive]
        half = _upper_half(points, owner, len(tip), rng)
        names, owner = np.unique(2 * owner + half, return_inverse=True)
        tip, parent = stop[names // 2], grown + names // 2
        grown += len(stop)
    return Tree(*(np.concatenate(column) for column in zip(*branches, strict=True)))


def _upper_half(points: NDArray, owner: NDArray, owners: int, rng: np.random.Generator) -> NDArray:
    """Split every owner's points in two across their widest extent, unevenly as lungs do: 0 or 1, (N,)."""
    count = np.maximum(np.bincount(owner, minlength=owners), 1)
    centred = points - _means(points, owner, count)[owner]
    products = (centred[:, :, None] * centred[:, None, :]).reshape(-1, 9)
    scatter = _means(products, owner, count).reshape(-1, 3, 3)
    widest = np.linalg.eigh(scatter)[1][:, :, 2]
    height = np.einsum("ni,ni->n", centred, widest[owner])
    order = np.lexsort((height, owner))
    first = np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=owners))[:-1]))
    rank = np.empty(len(points), int)
    rank[order] = np.arange(len(points)) - first[owner[order]]
    cut = np.clip(np.rint(count * rng.uniform(UNEVEN, 1 - UNEVEN, owners)), 1, np.maximum(count - 1, 1))
    return (rank >= cut[owner]).astype(int)


def _means(values: NDArray, owner: NDArray, count: NDArray) -> NDArray:
    """Return the mean (owners, C) of every owner's rows of `values` (N, C)."""
    return np.stack([np.bincount(owner, column, len(count)) for column in values.T], axis=1) / count[:, None]


def bend(tree: Tree, radius: NDArray, rng: np.random.Generator) -> Tubes:
    """Return the branches, of given radii (N,) in mm, as smooth curves cut into straight tubes.

    A branch leaves between its parent's direction and its own, is bowed at random and narrows.
    """
    chord = tree.stop - tree.start
    length = np.linalg.norm(chord, axis=1, keepdims=True)
    rooted = tree.parent >= 0
    came = np.where(rooted[:, None], chord[tree.parent], chord)
    came = came / np.maximum(np.linalg.norm(came, axis=1, keepdims=True), 1e-9) * length
    bow = rng.normal(0, BOW, chord.shape) * length
    control = np.stack(
        [tree.start, tree.start + (chord + came) / 6 + bow, tree.stop - chord / 3 + bow, tree.stop], axis=1
    )
    t = np.linspace(0, 1, PIECES + 1)
    cubic = np.stack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
    slope = np.stack([-3 * (1 - t) ** 2, 3 * (1 - t) * (1 - 3 * t), 3 * t * (2 - 3 * t), 3 * t**2])
    nodes = np.einsum("nci,cp->npi", control, cubic)
    along = np.einsum("nci,cp->npi", control, slope)
    along /= np.maximum(np.linalg.norm(along, axis=2, keepdims=True), 1e-9)
    before = np.where(rooted, np.minimum(radius[tree.parent], WIDENING * radius), radius)
    radii = before[:, None] + (radius - before)[:, None] * t
    return Tubes(
        *(part.reshape(-1, 3) for part in (nodes[:, :-1], nodes[:, 1:])),
        *(part.ravel() for part in (radii[:, :-1], radii[:, 1:])),
        *(part.reshape(-1, 3) for part in (along[:, :-1], along[:, 1:])),
    )
