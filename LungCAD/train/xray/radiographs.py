"""Radiographs whose lungs are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IGNORE = 255
"""Mask value of pixels that are neither learned from nor scored."""

Film = tuple[NDArray[np.float32], NDArray[np.uint8]]
"""Image (Y, X), 0 the darkest and 1 the brightest pixel, bone bright; mask (Y, X): 0, 1 lung, `IGNORE`."""


@dataclass(frozen=True)
class Radiograph:
    """One film. `patient` : the same for films that must not be on both sides of a split.

    `view` : such as PA or AP Supine. `pixel_mm` : None where it is not known. `read` : loads the film.
    """

    name: str
    patient: str
    view: str
    read: Callable[[], Film]
    pixel_mm: float | None = None


@dataclass(frozen=True)
class RadiographSet:
    """Films and, for the model card, a sentence on where they come from and under which licence."""

    films: tuple[Radiograph, ...]
    source: str
    licence: str
    synthetic: bool = False

    def __len__(self) -> int:
        return len(self.films)

    def take(self, indices: Sequence[int] | NDArray[np.intp]) -> RadiographSet:
        """Return the films at these indices."""
        films = tuple(self.films[int(index)] for index in indices)
        return RadiographSet(films, self.source, self.licence, self.synthetic)
