"""Many radiographs on one page, those first that a person should look at."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from LungCAD.labels import load_schema
from LungCAD.report.overlay import draw_outlines, label_colors
from LungCAD.report.page import render_page

TILE_PX = 280


@dataclass(frozen=True)
class Tile:
    """A film (Y, X; 0..1) with its lungs (0, 1 right, 2 left), its name and what is suspicious of it."""

    film: NDArray[np.float32]
    labels: NDArray[np.uint8]
    caption: str
    confidence: float
    remarks: Sequence[str] = ()


def render_contact_sheet(
    title: str,
    tiles: Sequence[Tile],
    facts: Mapping[str, str],
    failures: Mapping[str, str],
    left_out: str = "",
) -> str:
    """Return the page as HTML text that loads nothing from anywhere.

    facts : what to say of the run, name and value. failures : films that could not be used, and why.
    left_out : a sentence on the films without a tile.
    """
    pictures = [(tile, _picture(tile)) for tile in tiles]
    said = {"title": title, "facts": facts, "failures": failures, "left_out": left_out}
    return render_page("contact_sheet.html", pictures=pictures, **said)


def _picture(tile: Tile) -> str:
    height, width = tile.film.shape
    factor = TILE_PX / max(height, width)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    grey = Image.fromarray(np.uint8(255 * tile.film.clip(0, 1))).resize(size, Image.Resampling.BILINEAR)
    labels = np.asarray(Image.fromarray(tile.labels).resize(size, Image.Resampling.NEAREST))
    picture = np.stack([np.asarray(grey)] * 3, axis=-1)
    draw_outlines(picture, labels, label_colors(load_schema("lungs")), width=1)
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
