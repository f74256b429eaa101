"""Paint what disease does to a film: lung without air is lung still, and not all that is dark is lung."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Picture = NDArray[np.float32]
Mask = NDArray[np.uint8]


def paint_opacity(picture: Picture, mask: Mask, rng: np.random.Generator) -> None:
    """Take the air from a part of one lung (`mask` 1), in place: a patch, or everything below some height.

    The shadow is as bright as the tissue beside the lungs and hides up to all of the lung's own markings; it
    fades out over the lung's border, which gives nothing away.
    """
    parts, count = ndimage.label(mask == 1)
    tissue = picture[mask == 0]
    if not count or not tissue.size:
        return
    lung = parts == rng.integers(1, count + 1)
    shape = _below(lung, rng) if rng.random() < 0.4 else _patch(lung, rng)
    shadow = ndimage.gaussian_filter(lung * shape, len(picture) * rng.uniform(0.01, 0.04))
    level = np.quantile(tissue, rng.uniform(0.5, 0.9))
    picture += rng.uniform(0.4, 1.0) * shadow * np.maximum(level - picture, 0)


def paint_gas(picture: Picture, mask: Mask, rng: np.random.Generator) -> None:
    """Darken a round place beside the lungs, in place, as gas in the bowel or under the skin does."""
    side = len(picture)
    centre, size = rng.uniform(0, side, 2), side * rng.uniform(0.02, 0.08, 2)
    y, x = np.ogrid[:side, :side]
    inside = ((y - centre[0]) / size[0]) ** 2 + ((x - centre[1]) / size[1]) ** 2 < 1
    gas = ndimage.gaussian_filter((inside & (mask == 0)).astype(np.float32), 1.0)
    picture *= 1 - rng.uniform(0.3, 0.7) * gas


def _below(lung: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return 1 below a slanting level of fluid; at its highest, the lung is white from top to bottom."""
    rows = np.flatnonzero(lung.any(1))
    level = rng.uniform(rows[0], rows[-1])
    y, x = np.mgrid[: len(lung), : len(lung)]
    return (y > level + rng.normal(0, 0.3) * (x - len(lung) / 2)).astype(float)


def _patch(lung: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a blotchy cloud, up to 1, somewhere in the lung."""
    side = len(lung)
    centre = rng.choice(np.argwhere(lung))
    y, x = np.ogrid[:side, :side]
    size = side * rng.uniform(0.05, 0.2, 2)
    cloud = np.exp(-(((y - centre[0]) / size[0]) ** 2) - ((x - centre[1]) / size[1]) ** 2)
    blotches = ndimage.gaussian_filter(rng.standard_normal((side, side)), side * 0.02)
    return (cloud * (1 + rng.uniform(0, 0.5) * blotches / blotches.std())).clip(0, 1)
