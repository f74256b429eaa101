"""Simple methods that label propagation must beat. Arrays are (z, y, x); spacing in mm is z, y, x too."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from skimage.segmentation import random_walker
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

WALKER_BLOCK_PX = 4
"""The random walker sees in-plane means over blocks of this many pixels: a whole scan would take minutes."""


def nearest_roi(rois: np.ndarray, lungs: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """Give every voxel of the lung the label of the nearest drawn voxel (Euclidean, mm)."""
    index = ndimage.distance_transform_edt(
        rois == 0, sampling=spacing, return_distances=False, return_indices=True
    )
    return np.where(lungs > 0, rois[tuple(index)], 0).astype(np.uint8)


def walk_randomly(
    hu: np.ndarray,
    rois: np.ndarray,
    lungs: np.ndarray,
    spacing: tuple[float, float, float],
    block: int = WALKER_BLOCK_PX,
) -> np.ndarray:
    """Label the lung with Grady's random walker (PAMI 2006), over the whole scan, on in-plane block means.

    A part of the lung that no walker from a drawing can reach takes the label of the nearest drawing.
    """
    coarse_hu, coarse_lungs = _block_mean(hu, lungs > 0, block)
    seeds = np.where(coarse_lungs, _block_label(rois, block), -1)
    inside = np.argwhere(coarse_lungs)
    box = tuple(slice(low, high + 1) for low, high in zip(inside.min(0), inside.max(0), strict=True))
    walkable = seeds[box]
    reached, _ = ndimage.label(walkable >= 0)
    walkable[~np.isin(reached, np.unique(reached[walkable > 0]))] = -1
    labels = np.zeros(seeds.shape, np.uint8)
    labels[box] = np.maximum(
        random_walker(
            coarse_hu[box],
            _consecutive(walkable),
            mode="cg_j",
            prob_tol=1,  # only the most probable label is asked for
            spacing=(spacing[0], spacing[1] * block, spacing[2] * block),
        ),
        0,
    )
    names = np.concatenate([[0], np.unique(walkable[walkable > 0])]).astype(np.uint8)
    fine = names[labels].repeat(block, 1).repeat(block, 2)[:, : hu.shape[1], : hu.shape[2]]
    return np.where(fine > 0, fine, nearest_roi(rois, lungs, spacing)) * (lungs > 0)


def discriminate_density(hu: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Label the lung (`truth` > 0) by a linear discriminant on HU, fitted to the full truth, equal priors."""
    inside = truth > 0
    classes = np.unique(truth[inside])
    discriminant = LinearDiscriminantAnalysis(priors=np.full(len(classes), 1 / len(classes)))
    values = hu[inside].astype(np.float32)[:, None]
    labels = np.zeros_like(truth)
    labels[inside] = discriminant.fit(values, truth[inside]).predict(values)
    return labels


def _blocks(array: np.ndarray, block: int) -> np.ndarray:
    """View (z, y, x), padded with zeros to whole blocks, as (z, rows, columns, pixels of the block)."""
    depth, height, width = array.shape
    padded = np.pad(array, ((0, 0), (0, -height % block), (0, -width % block)))
    cut = padded.reshape(depth, padded.shape[1] // block, block, padded.shape[2] // block, block)
    return cut.swapaxes(2, 3).reshape(*cut.shape[:2], cut.shape[3], block * block)


def _block_mean(hu: np.ndarray, inside: np.ndarray, block: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean over the lung's part of each block, and which blocks hold lung."""
    count = _blocks(inside, block).sum(-1)
    return _blocks(hu * inside, block).sum(-1) / np.maximum(count, 1), count > 0


def _block_label(rois: np.ndarray, block: int) -> np.ndarray:
    """Return the label that is drawn most often in each block; 0 where none is."""
    cut = _blocks(rois, block)
    labels = np.unique(rois[rois > 0])
    votes = np.stack([(cut == label).sum(-1) for label in labels])
    return np.where(votes.max(0) > 0, labels[votes.argmax(0)], 0).astype(np.int32)


def _consecutive(seeds: np.ndarray) -> np.ndarray:
    """Renumber the seeds 1, 2, ... as scikit-image wants them; 0 and -1 stay."""
    renumbered = np.minimum(seeds, 0)
    for number, label in enumerate(np.unique(seeds[seeds > 0]), start=1):
        renumbered[seeds == label] = number
    return renumbered
