"""JSRT radiographs with the masks of SCR."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from LungCAD.errors import InputError
from LungCAD.images.square import scaled
from LungCAD.train.xray.masks import read_mask
from LungCAD.train.xray.radiographs import Film, Radiograph, RadiographSet

SIDE_PX = 2048
PIXEL_MM = 0.175
BRIGHTEST = 4095
"""12 of the 16 bits are used; bone is dark."""

SIDES = ("left lung", "right lung")


def read_jsrt(images: Path | str, masks: Path | str) -> RadiographSet:
    """Return the films `*.IMG` below `images` that have both lungs below `masks` (SCR's fold1 and fold2).

    Raises
    ------
    InputError
        No film with masks is found; when a film is read: it is not 2048 x 2048 pixels of 16 bits.
    """
    lungs = {(path.parent.name, path.stem): path for path in Path(masks).rglob("*.gif")}
    films = tuple(
        Radiograph(
            path.stem,
            path.stem,
            "PA",
            partial(_read, path, tuple(lungs[side, path.stem] for side in SIDES)),
            PIXEL_MM,
        )
        for path in sorted(Path(images).rglob("*.IMG"))
        if all((side, path.stem) in lungs for side in SIDES)
    )
    if not films:
        raise InputError(
            images, f"holds no .IMG file with masks below {masks}", "Give the folders of JSRT and SCR"
        )
    return RadiographSet(
        films, f"{len(films)} radiographs of JSRT with masks of SCR", "terms of JSRT and SCR"
    )


def _read(image: Path, masks: tuple[Path, ...]) -> Film:
    values = np.fromfile(image, ">u2")
    if len(values) != SIDE_PX**2:
        raise InputError(image, f"holds {len(values)} pixels, not {SIDE_PX} x {SIDE_PX}", "Copy it again")
    film = 1 - values.reshape(SIDE_PX, SIDE_PX).astype(np.float32) / BRIGHTEST
    lungs = np.maximum.reduce([read_mask(path, None) for path in masks])
    return film.clip(0, 1), scaled(lungs, film.shape, nearest=True)
