"""Pictures of signs: projections with their heat (SAPSAM, figure 3), and the CT slice through every peak."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from PIL import Image

from LungCAD.images import LUNG, apply_window
from LungCAD.images.geometry import to_axial
from LungCAD.report.numbers import format_number
from LungCAD.report.overlay import blend, uncertainty_colors
from LungCAD.report.signs import Peak, Picture
from LungCAD.report.slices import AxialStack
from LungCAD.report.tiles import captioned, draw_color_bar, side_by_side

OPACITY = 0.6
LEAST_SHOWN = 0.05
"""Heat below is not drawn: it would only tint the picture."""

HEIGHT_PX = 300
CROSS_PX = 9


def paint_projection(picture: Picture) -> Image.Image:
    """Paint a projection, and beside it the same with its heat over it."""
    rgb = np.rint(255 * np.clip(picture.image, 0, 1)).astype(np.uint8)
    size = _fit(rgb.shape)
    plain = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BICUBIC))
    heat = np.asarray(Image.fromarray(picture.heat).resize(size, Image.Resampling.BILINEAR))
    title = f"{picture.part} {picture.axis}".strip().capitalize()
    sides = ("A", "P") if picture.axis == "sagittal" else ("R", "L")
    explained = "Against it" if picture.against else "Grad-CAM"
    panels = ((title, plain), (explained, _heated(plain, heat)))
    row = side_by_side([captioned(*panel, sides) for panel in panels])
    draw_color_bar(row, right=row.width - 8, top=5)
    return row


def paint_peak(ct: sitk.Image, heat_map: sitk.Image, peak: Peak, name: str) -> Image.Image:
    """Paint the axial slice through a peak, marked by a cross, and beside it the same with the heat map.

    heat_map : per cent, on the grid of the CT. name : of the sign.
    """
    axial = to_axial(ct)
    place = axial.TransformPhysicalPointToContinuousIndex(peak.position)
    stack, heats = AxialStack(ct), AxialStack(heat_map)
    index = int(np.clip(round(place[2]), 0, len(stack) - 1))
    _, row_mm, column_mm = stack.spacing_mm
    size = _fit(stack.array.shape[1:], row_mm / column_mm)
    grey = np.rint(apply_window(stack.array[index], LUNG)).astype(np.uint8)
    grey = np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BICUBIC))
    heat = Image.fromarray(np.ascontiguousarray(heats.array[index])).resize(size, Image.Resampling.BILINEAR)
    plain = np.repeat(grey[..., None], 3, axis=2)
    scale = np.array(size) / stack.array.shape[:0:-1]
    _mark(plain, (np.array(place[:2]) + 0.5) * scale)
    title = f"{name}, S {format_number(stack.positions_mm[index], 0)} mm"
    row = side_by_side(
        [captioned(title, plain), captioned("Heat map", _heated(grey, np.asarray(heat) / 100))]
    )
    draw_color_bar(row, right=row.width - 8, top=5)
    return row


def _heated(picture: NDArray[np.uint8], heat: NDArray) -> NDArray[np.uint8]:
    """Lay heat (Y, X), 0..1, over a picture, grey or in colours, that is darkened under it."""
    grey = picture if picture.ndim == 2 else np.rint(picture.mean(axis=2)).astype(np.uint8)
    return blend(grey, 255 * uncertainty_colors(heat), heat >= LEAST_SHOWN, OPACITY)


def _mark(picture: NDArray[np.uint8], place: Sequence[float]) -> None:
    """Draw the four arms of a cross around a place (x, y), which itself stays free."""
    column, row = (round(float(v)) for v in place)
    height, width = picture.shape[:2]
    for away in range(4, 4 + CROSS_PX):
        for dx, dy in ((away, 0), (-away, 0), (0, away), (0, -away)):
            if 0 <= row + dy < height and 0 <= column + dx < width:
                picture[row + dy, column + dx] = (255, 220, 0)


def _fit(shape: Sequence[int], aspect: float = 1.0) -> tuple[int, int]:
    """Return (width, height) in pixels of a panel for rows `aspect` times as far apart as columns."""
    rows, columns = shape[:2]
    return max(1, round(HEIGHT_PX * columns / (rows * aspect))), HEIGHT_PX
