"""Pictures of slices for people: panels side by side, with orientation, position, legend and scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from PIL import Image

from LungCAD.images import LUNG, apply_window
from LungCAD.images.windows import Window
from LungCAD.labels import Schema
from LungCAD.report.numbers import format_number
from LungCAD.report.overlay import (
    draw_outlines,
    label_colors,
    overlay_labels,
    overlay_uncertainty,
)
from LungCAD.report.slices import AxialStack
from LungCAD.report.tiles import captioned, draw_color_bar, legend, side_by_side, stacked


@dataclass(frozen=True)
class Style:
    """How slices are drawn.

    `width` and `height` bound a panel (pixels), `margin_mm` is kept around the lungs, `hu_window` is (black,
    white), `opacity` that of the label colours (0 to 1).
    """

    width: int = 420
    height: int = 420
    margin_mm: float = 12.0
    hu_window: Window = LUNG
    opacity: float = 0.45


DEFAULT_STYLE = Style()


class SlicePainter:
    """Paints slices of one case; all its pictures have one scale and show the same box around the lungs.

    Images lie on one grid: `ct` in HU, `lungs` (0 outside), `labels` and `rois` in values of `schema`,
    `uncertainty` 0 to 1. What is None is left out of the pictures. Slices are counted from the feet.
    """

    def __init__(
        self,
        ct: sitk.Image,
        lungs: sitk.Image,
        labels: sitk.Image,
        schema: Schema,
        uncertainty: sitk.Image | None = None,
        rois: sitk.Image | None = None,
        style: Style = DEFAULT_STYLE,
    ) -> None:
        self.ct, self.lungs, self.labels = AxialStack(ct), AxialStack(lungs), AxialStack(labels)
        self.uncertainty = AxialStack(uncertainty) if uncertainty else None
        self.rois = AxialStack(rois) if rois else None
        self.schema, self.style = schema, style
        self._box = _box_around(self.lungs, style.margin_mm)

    def title(self, index: int) -> str:
        """Say which slice this is: its number in the stored volume and its superior coordinate."""
        position = format_number(self.ct.positions_mm[index])
        return f"Slice {self.ct.numbers[index]} of {len(self.ct)}, S {position} mm"

    def picture(self, index: int) -> Image.Image:
        """Paint CT, labels with the drawn regions, and uncertainty side by side, with the legend below."""
        size = self._panel_size()
        grey = self._grey(index, size)
        labels = self._resized(self.labels, index, size, Image.Resampling.NEAREST)
        overlay = overlay_labels(grey, labels, self.schema, self.style.opacity)
        caption = "Labels"
        if self.rois:
            draw_outlines(overlay, self._resized(self.rois, index, size, Image.Resampling.NEAREST))
            caption = "Labels; drawn regions outlined"
        panels = [(self.title(index), np.repeat(grey[..., None], 3, axis=2)), (caption, overlay)]
        if self.uncertainty:
            uncertainty = self._resized(self.uncertainty, index, size, Image.Resampling.BILINEAR)
            lungs = self._resized(self.lungs, index, size, Image.Resampling.NEAREST)
            panels.append(("Uncertainty", overlay_uncertainty(grey, uncertainty, lungs)))
        shown = [
            label for label in self.schema.labels if label.value in np.unique(self._cut(self.labels, index))
        ]
        row = side_by_side([captioned(*panel) for panel in panels])
        if self.uncertainty:
            draw_color_bar(row, right=row.width - 8, top=5)
        return stacked([row, legend([(label.name, label.color) for label in shown], row.width)])

    def contact_sheet(self, indices: Sequence[int], columns: int = 3) -> Image.Image:
        """Paint small pictures of slices with the drawn regions outlined in their colours."""
        if self.rois is None:
            raise ValueError("rois is None: nothing was drawn")
        size = self._panel_size()
        colors = label_colors(self.schema)
        tiles = []
        for index in indices:
            picture = np.repeat(self._grey(index, size)[..., None], 3, axis=2)
            draw_outlines(picture, self._resized(self.rois, index, size, Image.Resampling.NEAREST), colors)
            tiles.append(captioned(self.title(index), picture))
        rows = [side_by_side(tiles[start : start + columns]) for start in range(0, len(tiles), columns)]
        drawn = set(np.unique(self.rois.array))
        names = [(label.name, label.color) for label in self.schema.labels if label.value in drawn]
        return stacked([*rows, legend(names, rows[0].width)])

    def _panel_size(self) -> tuple[int, int]:
        """Return (width, height) in pixels: square on the patient, as large as the style allows."""
        _, row_mm, column_mm = self.ct.spacing_mm
        rows, columns = self._box
        tall, wide = (rows.stop - rows.start) * row_mm, (columns.stop - columns.start) * column_mm
        pixels_per_mm = min(self.style.width / wide, self.style.height / tall)
        return max(round(wide * pixels_per_mm), 1), max(round(tall * pixels_per_mm), 1)

    def _cut(self, stack: AxialStack, index: int) -> np.ndarray:
        return np.ascontiguousarray(stack.array[index][self._box])

    def _grey(self, index: int, size: tuple[int, int]) -> np.ndarray:
        grey = np.rint(apply_window(self._cut(self.ct, index), self.style.hu_window)).astype(np.uint8)
        return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BICUBIC))

    def _resized(
        self, stack: AxialStack, index: int, size: tuple[int, int], how: Image.Resampling
    ) -> np.ndarray:
        return np.asarray(Image.fromarray(self._cut(stack, index)).resize(size, how))


def _box_around(lungs: AxialStack, margin_mm: float) -> tuple[slice, slice]:
    """Return the rows and columns that hold the lungs of every slice and a margin; all without lungs."""
    footprint = np.zeros(lungs.array.shape[1:], bool)
    for lung in lungs.array:
        footprint |= lung > 0
    box = []
    for axis in (0, 1):
        length, spacing = footprint.shape[axis], lungs.spacing_mm[axis + 1]
        hit = np.flatnonzero(footprint.any(axis=1 - axis))
        margin = int(np.ceil(margin_mm / spacing))
        box.append(
            slice(max(hit[0] - margin, 0), min(hit[-1] + margin + 1, length))
            if hit.size
            else slice(0, length)
        )
    return box[0], box[1]
