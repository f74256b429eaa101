"""Masks of lungs as the public sets keep them: pictures with few values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from LungCAD.errors import InputError

LIT = {0: 0, 255: 1}
"""Black is background, white is lung."""


def read_mask(
    path: Path, shape: tuple[int, int] | None, meaning: Mapping[int, int] = LIT
) -> NDArray[np.uint8]:
    """Return a mask (Y, X) with the picture's values replaced by what they mean.

    shape : (Y, X) that the mask must have, any when None.

    Raises
    ------
    InputError
        The picture cannot be read, has another size or values without meaning.
    """
    try:
        with Image.open(path) as picture:
            values = np.asarray(picture.convert("L"))
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise InputError(path, "is no picture that can be read, or is damaged", "Copy it again") from error
    if shape is not None and values.shape != shape:
        raise InputError(path, f"has the size {values.shape}, its radiograph {shape}", "Give one size")
    strange = sorted(set(np.unique(values).tolist()) - set(meaning))
    if strange:
        known = ", ".join(map(str, meaning))
        raise InputError(path, f"holds the values {strange[:5]}", f"Known values: {known}")
    table = np.zeros(256, np.uint8)
    table[list(meaning)] = list(meaning.values())
    return table[values]
