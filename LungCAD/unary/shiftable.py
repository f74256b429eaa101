"""Shiftable windows: a pixel near a border is judged by a window beside it rather than across the border.

A window that straddles two tissues looks like a third. So every pixel takes over the judgement of the surest
pixel near it, as Kuwahara's filter takes over the mean of the least varied window (Kuwahara et al. 1976).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

STEP_PX = 2
"""Neighbours are tried on a lattice of this step: judgements of adjacent pixels differ little."""


def surest_neighbour(sureness: np.ndarray, inside: np.ndarray, radius: int) -> np.ndarray:
    """Return, for each pixel of a mask, which pixel of the mask near it is the surest.

    Parameters
    ----------
    sureness : (N,), of the pixels of the mask in row-major order. On ties the pixel itself, then the nearer.
    inside : (y, x) bool, the mask. radius : how far to look, pixels; 0 looks nowhere.

    Returns
    -------
    (N,) indices into the pixels of the mask.
    """
    height, width = inside.shape
    best = np.pad(np.full(inside.shape, -np.inf, np.float32), radius, constant_values=-np.inf)
    own = best[radius : radius + height, radius : radius + width]
    own[inside] = sureness
    index = np.zeros(best.shape, np.int32)
    index[radius : radius + height, radius : radius + width][inside] = np.arange(len(sureness))

    chosen, reached = index[radius : radius + height, radius : radius + width].copy(), own.copy()
    for dy, dx in _offsets(radius):
        window = slice(radius + dy, radius + dy + height), slice(radius + dx, radius + dx + width)
        surer = best[window] > reached
        reached[surer], chosen[surer] = best[window][surer], index[window][surer]
    return chosen[inside]


def _offsets(radius: int) -> Iterator[tuple[int, int]]:
    steps = range(-(radius // STEP_PX) * STEP_PX, radius + 1, STEP_PX)
    disc = [(dy, dx) for dy in steps for dx in steps if 0 < dy * dy + dx * dx <= radius * radius]
    yield from sorted(disc, key=lambda offset: offset[0] ** 2 + offset[1] ** 2)
