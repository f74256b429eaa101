"""Draw what lies on a patient or on the film."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage.draw import line, polygon

KINDS, CHANCES = ("tube", "sign", "plate"), (0.5, 0.3, 0.2)
"""A tube or wire; a letter or arrow, opaque; a pacemaker or electrode that the lung shines through."""


def draw_mark(picture: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Draw one of `KINDS` somewhere on a square picture (0..1), in place."""
    side = len(picture)
    kind = rng.choice(KINDS, p=CHANCES)
    level = rng.uniform(0.7, 1.0)
    if kind == "tube":
        ends = rng.integers(0, side, 4)
        middle = rng.integers(0, side, 2)
        for start, stop in (((ends[0], ends[1]), middle), (middle, (ends[2], ends[3]))):
            rows, columns = line(*start, *stop)
            picture[rows, columns] = np.maximum(picture[rows, columns], level)
        return
    size = side * (rng.uniform(0.02, 0.06) if kind == "sign" else rng.uniform(0.05, 0.15))
    angles = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 8)))
    centre = rng.uniform(0, side, 2)
    outline = centre[:, None] + size * np.stack([np.sin(angles), np.cos(angles)])
    rows, columns = polygon(*outline, shape=picture.shape)
    picture[rows, columns] = level if kind == "sign" else (picture[rows, columns] + level) / 2
