"""Slices with what a detection network saw in them."""

from __future__ import annotations

from collections.abc import Callable

import matplotlib
import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from PIL import Image

from LungCAD.images import LUNG, apply_window
from LungCAD.report.findings import Findings
from LungCAD.report.numbers import format_number
from LungCAD.report.slices import AxialStack
from LungCAD.report.tiles import captioned, draw_color_bar, side_by_side

WIDTH_PX = 350
"""Of a picture of one slice."""

BODY_HU = -300.0
MARGIN_MM = 10.0

OPACITY = 0.75
"""Of a heat map where it is hottest; it fades to nothing where it is cold."""


class HeatPainter:
    """Paints CT and heat maps of a slice side by side, cut to the body; slices are counted from the feet."""

    def __init__(
        self, ct: sitk.Image, findings: Findings, heat_map: Callable[[str], sitk.Image] | None
    ) -> None:
        self._ct, self._findings = AxialStack(ct), findings
        self._heat = {}
        if heat_map:
            self._heat = {one.code: AxialStack(heat_map(one.code)) for one in findings.diseases}
        self._box = _box_around_body(self._ct)

    def picture(self, index: int) -> Image.Image:
        """Paint the slice and the heat maps of what it shows; of the likeliest disease if nothing."""
        reading = self._findings.slices[index]
        grey = np.rint(apply_window(self._resized(self._ct, index), LUNG)).astype(np.uint8)
        title = f"Slice {reading.number}, S {format_number(reading.z_mm)} mm"
        panels = [captioned(title, np.repeat(grey[..., None], 3, axis=2))]
        said = list(zip(self._findings.diseases, reading.smoothed, strict=True))
        shown = [one for one in said if one[1] >= one[0].threshold] or [max(said, key=lambda one: one[1])]
        for disease, probability in shown:
            if disease.code in self._heat:
                heat = self._resized(self._heat[disease.code], index) / 100
                caption = f"{disease.name}: {format_number(probability, 2)}"
                panels.append(captioned(caption, _overlaid(grey, heat)))
        row = side_by_side(panels)
        if len(panels) > 1:
            draw_color_bar(row, right=row.width - 8, top=5, length=60)
        return row

    def _resized(self, stack: AxialStack, index: int) -> NDArray[np.float32]:
        rows, columns = self._box
        _, row_mm, column_mm = stack.spacing_mm
        cut = np.ascontiguousarray(stack.array[index][rows, columns], np.float32)
        height = round(WIDTH_PX * cut.shape[0] * row_mm / (cut.shape[1] * column_mm))
        return np.asarray(Image.fromarray(cut).resize((WIDTH_PX, height), Image.Resampling.BILINEAR))


def _overlaid(grey: NDArray[np.uint8], heat: NDArray[np.float32]) -> NDArray[np.uint8]:
    colors = 255 * matplotlib.colormaps["inferno"](heat)[..., :3]
    cover = OPACITY * heat[..., None]
    return np.round((1 - cover) * grey[..., None] + cover * colors).astype(np.uint8)


def _box_around_body(ct: AxialStack) -> tuple[slice, slice]:
    """Return the rows and columns that hold the body on any slice, and a margin; all where there is none."""
    footprint = (ct.array > BODY_HU).any(axis=0)
    box = []
    for axis, spacing in ((0, ct.spacing_mm[1]), (1, ct.spacing_mm[2])):
        # A table is a thin line: what counts is a share of the row or column.
        filled = footprint.mean(axis=1 - axis) > 0.05
        hit = np.flatnonzero(filled) if filled.any() else np.arange(len(filled))
        margin = int(np.ceil(MARGIN_MM / spacing))
        box.append(slice(max(int(hit[0]) - margin, 0), int(hit[-1]) + margin + 1))
    return box[0], box[1]
