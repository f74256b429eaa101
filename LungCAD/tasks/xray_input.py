"""How a radiograph becomes what a network sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.exposure import equalize_hist

from LungCAD.images.square import Square

MEAN, SD = 0.5, 12**-0.5
"""Of grey levels whose histogram is flat, as equalisation makes it."""


@dataclass(frozen=True)
class XrayInput:
    """A square of `side` pixels, the histogram equalised where wanted, mean 0 and standard deviation 1."""

    side: int = 256
    equalize: bool = True

    def image(self, film: NDArray) -> NDArray[np.float32]:
        """Return the film (Y, X; 0..1, bone bright) as (side, side), without plain borders."""
        square = Square.without_borders(film, self.side)
        return self.levels(square.put(film), square.inside)

    def levels(self, picture: NDArray, inside: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Return the grey levels of a picture that is in the square already; 0 where it is not `inside`."""
        levels = np.zeros(picture.shape, np.float32)
        values = picture[inside]
        levels[inside] = ((equalize_hist(values) if self.equalize else values) - MEAN) / SD
        return levels

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> XrayInput:
        """Return the input that weight files carry as plain data; ValueError when it is none."""
        try:
            return cls(int(data["side"]), bool(data["equalize"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"data {dict(data)} does not describe radiographs") from error
