"""Pixels of a picture: labels and uncertainty in colour over a grey slice, and outlines of regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from scipy.ndimage import binary_dilation, binary_erosion

if TYPE_CHECKING:
    from LungCAD.labels import Schema


def label_colors(schema: Schema) -> np.ndarray:
    """Return the colour of every possible label value: uint8 (256, 3), black where there is no label."""
    colors = np.zeros((256, 3), np.uint8)
    for label in schema.labels:
        colors[label.value] = label.color
    return colors


def blend(grey: np.ndarray, colors: np.ndarray, where: np.ndarray, opacity: float) -> np.ndarray:
    """Lay `colors` (rows, columns, 3) over `grey` (rows, columns) where `where` is true; returns uint8 RGB.

    Raises
    ------
    ValueError
        `opacity` is outside 0 (invisible) to 1 (opaque).
    """
    if not 0 <= opacity <= 1:
        raise ValueError(f"opacity is {opacity}, not within 0..1")
    base = np.repeat(grey[..., None], 3, axis=2).astype(np.float32)
    cover = opacity * where[..., None]
    return np.round((1 - cover) * base + cover * colors).astype(np.uint8)


def overlay_labels(grey: np.ndarray, labels: np.ndarray, schema: Schema, opacity: float = 0.45) -> np.ndarray:
    """Colour the labelled pixels of a grey picture as the schema has it; returns uint8 RGB."""
    return blend(grey, label_colors(schema)[labels], labels > 0, opacity)


def overlay_uncertainty(grey: np.ndarray, uncertainty: np.ndarray, lungs: np.ndarray) -> np.ndarray:
    """Colour the lung by its uncertainty, 0 (dark) to 1 (bright); the rest stays grey and recedes."""
    colors = 255 * uncertainty_colors(uncertainty)
    return blend(grey // 2, colors, lungs > 0, 1.0)


def uncertainty_colors(uncertainty: np.ndarray) -> np.ndarray:
    """Return the colours (..., 3), 0..1, of uncertainties 0..1."""
    return matplotlib.colormaps["inferno"](np.clip(uncertainty, 0, 1))[..., :3]


def draw_outlines(
    picture: np.ndarray, regions: np.ndarray, colors: np.ndarray | None = None, width: int = 2
) -> None:
    """Draw the edge of every region on an RGB picture, in place: bright, with a dark hem on both sides.

    `regions` holds label values, 0 none; `colors` (256, 3) gives the colour by value, white without it.
    """
    for value in np.unique(regions[regions > 0]):
        region = regions == value
        edge = region & ~binary_erosion(region, iterations=width)
        hem = binary_dilation(edge) & ~edge
        picture[hem] = 0
        picture[edge] = 255 if colors is None else colors[value]
