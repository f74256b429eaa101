"""Vary a radiograph as films of other hospitals, scanners and phones vary."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates
from skimage.draw import line, polygon

Picture = NDArray[np.float32]
Mask = NDArray[np.uint8]


def vary(
    film: Picture, mask: Mask, side: int, rng: np.random.Generator
) -> tuple[Picture, Mask, NDArray[np.bool_]]:
    """Return a variation of a film (Y, X; 0..1) and of its mask, (side, side) both, and where the film is.

    Pose: turned by about 8 degrees, scaled, sheared, moved, seen at an angle, sometimes as in a mirror.
    Exposure: gamma, a gradient of brightness, dark corners, blur, noise, sometimes inverted. Marks:
    collimation, letters and arrows, tubes. What collimation hides is no lung; behind marks lung goes on.
    """
    places = _pose(film.shape, side, rng)
    inside = np.logical_and.reduce(
        [(place >= 0) & (place <= length - 1) for place, length in zip(places, film.shape, strict=True)]
    )
    picture = map_coordinates(film, places, order=1, mode="nearest")
    truth = np.where(inside, map_coordinates(mask, places, order=0, mode="nearest"), 0)
    for _ in range(rng.poisson(1.0)):
        _draw_mark(picture, rng)
    picture = _expose(picture, rng)
    if rng.random() < 0.25:
        hidden = _collimated(side, rng)
        picture[hidden], truth[hidden] = rng.choice([0.0, 0.0, 1.0]), 0
    if rng.random() < 0.15:
        picture = 1 - picture
    return picture.astype(np.float32), truth.astype(np.uint8), inside


def _pose(shape: tuple[int, int], side: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the place (2, side, side) in the film, in pixels, of every pixel of the square."""
    angle = np.deg2rad(rng.normal(0, 8))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    stretch = np.diag(np.exp(rng.uniform(-0.3, 0.25) + rng.normal(0, 0.06, 2)))
    shear = np.array([[1, rng.normal(0, 0.05)], [0, 1]])
    mirror = np.diag([1, rng.choice([-1, 1])])
    axis = np.linspace(-1, 1, side)
    square = np.stack(np.meshgrid(axis, axis, indexing="ij")).reshape(2, -1)
    seen = turn @ shear @ stretch @ mirror @ square + rng.normal(0, 0.07, (2, 1))
    seen /= 1 + rng.normal(0, 0.06, 2) @ square
    half = (np.array(shape)[:, None] - 1) / 2
    return (half + seen * max(shape) / 2).reshape(2, side, side)


def _expose(picture: Picture, rng: np.random.Generator) -> Picture:
    side = len(picture)
    axis = np.linspace(-1, 1, side)
    y, x = axis[:, None], axis[None]
    exposed = picture.clip(0, 1) ** np.exp(rng.normal(0, 0.35))
    exposed = exposed * (1 + rng.normal(0, 0.09) * x + rng.normal(0, 0.09) * y)
    exposed = exposed + rng.normal(0, 0.09) * (x**2 + y**2 - 0.7)
    if rng.random() < 0.2:
        exposed = gaussian_filter(exposed, rng.uniform(0.4, 1.5))
    exposed = exposed + rng.uniform(0, 0.03) * rng.standard_normal(picture.shape)
    low = rng.uniform(-0.1, 0.1)
    return ((exposed - low) / rng.uniform(0.8, 1.15)).clip(0, 1)


def _collimated(side: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return what borders of random width, slightly turned, hide."""
    axis = np.linspace(-1, 1, side)
    y, x = axis[:, None], axis[None]
    hidden = np.zeros((side, side), bool)
    for direction in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        if rng.random() < 0.6:
            tilt = rng.normal(0, 0.05)
            along = direction[0] * y + direction[1] * x + tilt * (direction[1] * y + direction[0] * x)
            hidden |= along > 1 - rng.uniform(0, 0.25)
    return hidden


def _draw_mark(picture: Picture, rng: np.random.Generator) -> None:
    """Draw a tube, a plate or a bright sign somewhere."""
    side = len(picture)
    kind = rng.choice(["tube", "sign", "plate"], p=[0.5, 0.3, 0.2])
    level = rng.uniform(0.7, 1.0)
    if kind == "tube":
        ends = rng.integers(0, side, 4)
        middle = rng.integers(0, side, 2)
        for start, stop in (((ends[0], ends[1]), middle), (middle, (ends[2], ends[3]))):
            rows, columns = line(*start, *stop)
            picture[rows, columns] = np.maximum(picture[rows, columns], level)
        return
    size = side * (rng.uniform(0.02, 0.06) if kind == "sign" else rng.uniform(0.05, 0.15))
    corners = rng.integers(3, 8)
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    centre = rng.uniform(0, side, 2)
    outline = centre[:, None] + size * np.stack([np.sin(angles), np.cos(angles)])
    rows, columns = polygon(*outline, shape=picture.shape)
    picture[rows, columns] = level if kind == "sign" else (picture[rows, columns] + level) / 2
