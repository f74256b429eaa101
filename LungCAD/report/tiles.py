"""Pieces of pictures: captions, legends, scales, and how they are put together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from LungCAD.report.overlay import uncertainty_colors

INK, PAPER, FAINT = (235, 235, 235), (12, 12, 12), (165, 165, 165)
GAP = 6
"""Pixels between panels."""


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf", size)


def captioned(caption: str, pixels: np.ndarray, sides: tuple[str, str] = ("R", "L")) -> Image.Image:
    """Put a caption over a slice, and the patient's right and left, or other letters, at its sides."""
    height, width = pixels.shape[:2]
    panel = Image.new("RGB", (width, height + 24), PAPER)
    panel.paste(Image.fromarray(pixels), (0, 24))
    draw = ImageDraw.Draw(panel)
    draw.text((4, 12), caption, INK, _font(13), anchor="lm")
    for letter, x, anchor in ((sides[0], 6, "lm"), (sides[1], width - 6, "rm")):
        draw.text((x, 24 + height / 2), letter, INK, _font(15), anchor, stroke_width=2, stroke_fill=PAPER)
    return panel


def draw_color_bar(
    picture: Image.Image, right: int, top: int, length: int = 90, ends: tuple[str, str] = ("0", "1")
) -> None:
    """Draw the scale of uncertainties and heat maps, ending at `right`."""
    draw = ImageDraw.Draw(picture)
    colors = np.round(255 * uncertainty_colors(np.linspace(0, 1, length))).astype(np.uint8)
    bar = Image.fromarray(np.repeat(colors[None], 12, axis=0))
    left = right - round(draw.textlength(ends[1], _font(12))) - 5 - length
    picture.paste(bar, (left, top))
    draw.rectangle((left - 1, top - 1, left + length, top + 12), outline=FAINT)
    draw.text((left - 5, top + 6), ends[0], INK, _font(12), anchor="rm")
    draw.text((right, top + 6), ends[1], INK, _font(12), anchor="rm")


def legend(entries: Sequence[tuple[str, tuple[int, int, int]]], width: int) -> Image.Image:
    """Return a strip with a swatch and a name per entry, in as many lines as the width asks for."""
    font, line, swatch, space = _font(13), 24, 12, 18
    places, x, y = [], 4, 0
    for name, color in entries:
        needed = swatch + 6 + round(font.getlength(name))
        if x > 4 and x + needed > width:
            x, y = 4, y + line
        places.append((x, y, name, color))
        x += needed + space
    strip = Image.new("RGB", (width, y + line), PAPER)
    draw = ImageDraw.Draw(strip)
    for x, y, name, color in places:
        draw.rectangle((x, y + 6, x + swatch, y + 6 + swatch), tuple(color), outline=FAINT)
        draw.text((x + swatch + 6, y + 12), name, INK, font, anchor="lm")
    return strip


def side_by_side(tiles: Sequence[Image.Image]) -> Image.Image:
    """Put pictures into a row."""
    width = sum(tile.width for tile in tiles) + GAP * (len(tiles) - 1)
    row = Image.new("RGB", (width, max(tile.height for tile in tiles)), PAPER)
    x = 0
    for tile in tiles:
        row.paste(tile, (x, 0))
        x += tile.width + GAP
    return row


def stacked(rows: Sequence[Image.Image]) -> Image.Image:
    """Put pictures below each other."""
    width = max(row.width for row in rows)
    sheet = Image.new("RGB", (width, sum(row.height for row in rows)), PAPER)
    y = 0
    for row in rows:
        sheet.paste(row, (0, y))
        y += row.height
    return sheet
