"""The tuberculosis screening sets of Montgomery County and Shenzhen."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images import read_radiograph
from LungCAD.train.xray.masks import read_mask
from LungCAD.train.xray.radiographs import Film, Radiograph, RadiographSet


def read_montgomery(folder: Path | str) -> RadiographSet:
    """Return the films of `CXR_png` with `ManualMask/leftMask` and `.../rightMask`; raises InputError."""
    masks = (Path(folder) / "ManualMask" / side / "{stem}.png" for side in ("leftMask", "rightMask"))
    return _films(Path(folder), "Montgomery", [str(mask) for mask in masks])


def read_shenzhen(folder: Path | str) -> RadiographSet:
    """Return the films of `CXR_png` that have a mask `mask/<name>_mask.png`; raises InputError."""
    return _films(Path(folder), "Shenzhen", [str(Path(folder) / "mask" / "{stem}_mask.png")])


def _films(folder: Path, name: str, masks: list[str]) -> RadiographSet:
    found = []
    for image in sorted((folder / "CXR_png").glob("*.png")):
        paths = tuple(Path(mask.format(stem=image.stem)) for mask in masks)
        if all(path.is_file() for path in paths):
            found.append(Radiograph(image.stem, image.stem, "PA", partial(_read, image, paths)))
    if not found:
        raise InputError(folder, f"holds no film of {name} with masks", "Give the folder that holds CXR_png")
    return RadiographSet(tuple(found), f"{len(found)} radiographs of {name}", f"terms of the {name} set")


def _read(image: Path, masks: tuple[Path, ...]) -> Film:
    film = sitk.GetArrayFromImage(read_radiograph(image))
    return film, np.maximum.reduce([read_mask(path, film.shape) for path in masks])
