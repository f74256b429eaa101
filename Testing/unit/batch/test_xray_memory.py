"""A run over many radiographs needs no more memory at its end than at its beginning."""

import csv
import os

import numpy as np
import pytest
from PIL import Image

from LungCAD.batch.table import ResumableTable
from LungCAD.batch.xray import COLUMNS, find_films, segment_films
from LungCAD.memory import used_memory
from LungCAD.tasks.xray_lungs import XrayLungParameters, XraySegmenter
from Testing.slicer.dark_network import chest, save_dark_network

FILMS, SETTLED = 10_000, 1_000
NAMES_MB = 12
"""Ten thousand names of films and masks, and what the allocator makes of them."""


@pytest.mark.slow
def test_memory_is_flat_over_ten_thousand_films(tmp_path):
    films, out = tmp_path / "films", tmp_path / "out"
    films.mkdir()
    out.mkdir()
    Image.fromarray(chest((48, 40))).save(films / "00000.png")
    for number in range(1, FILMS):
        os.link(films / "00000.png", films / f"{number:05}.png")
    weights = str(save_dark_network(tmp_path / "dark.safetensors"))
    segmenter = XraySegmenter(XrayLungParameters(weights=weights, bone="bright", device="cpu"))
    used = []
    with ResumableTable(out / "results.csv", COLUMNS) as table:
        segment_films(
            find_films(films),
            segmenter,
            out,
            table,
            batch=32,
            progress=lambda fraction, message: used.append(used_memory() / 1e6),
        )
    settled, rest = used[SETTLED], np.array(used[SETTLED:])
    print(
        f"{settled:.0f} MB after {SETTLED} films, {rest.max():.0f} MB at most, {rest[-1]:.0f} MB at the end"
    )
    assert rest.max() - settled < NAMES_MB
    with (out / "results.csv").open(newline="") as file:
        assert sum(1 for _ in csv.DictReader(file)) == FILMS
    assert sum(1 for _ in (out / "masks").iterdir()) == FILMS
