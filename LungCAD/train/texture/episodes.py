"""Episodes: a reader drew a few regions in one scan; all other lung is to be told by them.

The network is trained on the very task that it serves (Vinyals et al., "Matching networks", NeurIPS 2016).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch.utils.data import Dataset

from LungCAD.train.scanners import as_another_scanner
from LungCAD.train.texture.scans import TextureScan

SPARSE = 0.8
"""So often a reader draws little, as `LungCAD.phantom.reader` does; else a lot, all over the scan."""

SPARSE_REGIONS, MANY_REGIONS = (1, 3), (3, 11)
SPARSE_CROPS = (2, 4)
RADIUS_PX = (2.0, 5.0)
"""Of a drawn region, at half resolution, at which descriptions are learned."""

LEAST_REGION_PX = 10
JITTER_PX = 24
ATTEMPTS = 6


class Episode(NamedTuple):
    """Crops of one scan.

    hu : (N, Y, X) float32. lung : (N, Y, X) bool. labels : (N, Y / 2, X / 2), texture or 0.
    regions : (N, Y / 2, X / 2), number of the drawn region from 1 on, 0 where nothing is drawn.
    classes : (R,), texture of each region.
    """

    hu: torch.Tensor
    lung: torch.Tensor
    labels: torch.Tensor
    regions: torch.Tensor
    classes: torch.Tensor


@dataclass(frozen=True)
class Episodes(Dataset[Episode]):
    """So many episodes; what chance decides in each depends on the seed and its number alone."""

    scans: Sequence[TextureScan]
    count: int
    crops: int
    crop: int
    seed: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Episode:
        rng = np.random.default_rng([self.seed, index])
        scan = self.scans[rng.integers(len(self.scans))]
        hu, labels, lung = (np.stack(crops) for crops in zip(*self._cut(scan, rng), strict=True))
        labels = (labels * lung)[:, ::2, ::2]
        regions, classes = draw_regions(labels, rng)
        arrays = (as_another_scanner(hu, rng), lung, labels.astype(np.int64), regions, np.array(classes))
        return Episode(*map(torch.from_numpy, arrays))

    def _cut(self, scan: TextureScan, rng: np.random.Generator) -> list[tuple[np.ndarray, ...]]:
        """Cut crops about voxels of every class, then anywhere in the lung, each in a random orientation."""
        wanted = np.unique(scan.labels[scan.labels > 0]).tolist()[: self.crops]
        crops = []
        for number in range(self.crops):
            where = scan.labels == wanted[number] if number < len(wanted) else scan.lung
            z, *middle = np.unravel_index(rng.choice(np.flatnonzero(where)), where.shape)
            box = tuple(
                slice(start, start + self.crop)
                for start in _starts(middle, scan.hu.shape[1:], self.crop, rng)
            )
            turns, flip = int(rng.integers(4)), rng.random() < 0.5
            crops.append(
                tuple(
                    _oriented(_padded(array[z][box], self.crop), turns, flip)
                    for array in (scan.hu, scan.labels, scan.lung)
                )
            )
        return [crops[i] for i in rng.permutation(self.crops)]


def draw_regions(labels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, list[int]]:
    """Draw round regions, each within one class; returns `Episode.regions` and `Episode.classes`.

    labels : (N, Y, X), class or 0. A class that offers no room in the crops that are drawn on gets no region.
    """
    sparse = rng.random() < SPARSE
    drawn_on = rng.permutation(len(labels))[: rng.integers(*SPARSE_CROPS, endpoint=True) if sparse else None]
    regions, classes = np.zeros(labels.shape, np.int64), []
    for value in np.unique(labels[labels > 0]):
        offered = np.argwhere(labels[drawn_on] == value)
        if len(offered) < LEAST_REGION_PX:
            continue
        for _ in range(rng.integers(*(SPARSE_REGIONS if sparse else MANY_REGIONS), endpoint=True)):
            region = _round_region(labels, value, drawn_on, offered, rng)
            if region is not None:
                classes.append(int(value))
                regions[region] = len(classes)
    return regions, classes


def _round_region(
    labels: np.ndarray, value: int, drawn_on: np.ndarray, offered: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, ...] | None:
    for _ in range(ATTEMPTS):
        n, y, x = offered[rng.integers(len(offered))]
        rows, columns = np.ogrid[: labels.shape[1], : labels.shape[2]]
        near = (rows - y) ** 2 + (columns - x) ** 2 <= rng.uniform(*RADIUS_PX) ** 2
        inside = np.nonzero(near & (labels[drawn_on[n]] == value))
        if len(inside[0]) >= LEAST_REGION_PX:
            return (np.full(len(inside[0]), drawn_on[n]), *inside)
    return None


def _starts(middle: Sequence[int], shape: tuple[int, ...], width: int, rng: np.random.Generator) -> list[int]:
    jitter = rng.integers(-JITTER_PX, JITTER_PX, 2, endpoint=True)
    return [
        int(np.clip(at - width // 2 + off, 0, max(extent - width, 0)))
        for at, extent, off in zip(middle, shape, jitter, strict=True)
    ]


def _padded(plane: np.ndarray, width: int) -> np.ndarray:
    return np.pad(plane, [(0, width - extent) for extent in plane.shape])


def _oriented(plane: np.ndarray, turns: int, flip: bool) -> np.ndarray:
    turned = np.rot90(plane, turns)
    return np.ascontiguousarray(turned[:, ::-1] if flip else turned)
