"""Vary a radiograph as patients, and films of other hospitals, scanners and phones, vary."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from LungCAD.train.xray.exposure import expose
from LungCAD.train.xray.findings import paint_gas, paint_opacity
from LungCAD.train.xray.marks import draw_mark

Picture = NDArray[np.float32]
Mask = NDArray[np.uint8]


def vary(
    film: Picture, mask: Mask, side: int, rng: np.random.Generator
) -> tuple[Picture, Mask, NDArray[np.bool_]]:
    """Return a variation of a film (Y, X; 0..1) and of its mask, (side, side) both, and where the picture is.

    Pose: turned by about 10 degrees, scaled, sheared, moved, seen at an angle, often as in a mirror.
    Findings: opaque lung, gas beside the lungs. Marks: tubes, letters, plates. Exposure, see `expose`;
    collimation; the film alone or on a plain background; sometimes inverted. What collimation hides is no
    lung; under opacities and marks lung goes on.
    """
    places = _pose(film.shape, side, rng)
    inside = np.logical_and.reduce(
        [(place >= 0) & (place <= length - 1) for place, length in zip(places, film.shape, strict=True)]
    )
    picture = map_coordinates(film, places, order=1, mode="nearest")
    truth = np.where(inside, map_coordinates(mask, places, order=0, mode="nearest"), 0)
    for _ in range(rng.choice(3, p=(0.65, 0.2, 0.15))):
        paint_opacity(picture, truth, rng)
    if rng.random() < 0.15:
        paint_gas(picture, truth, rng)
    for _ in range(rng.poisson(1.0)):
        draw_mark(picture, rng)
    picture = expose(picture, rng)
    if rng.random() < 0.25:
        hidden = _collimated(side, rng)
        picture[hidden], truth[hidden] = rng.choice([0.0, 0.0, 1.0]), 0
    if rng.random() < 0.3:
        picture[~inside] = rng.choice([0.0, 0.0, 1.0, rng.random()])
        inside = np.ones_like(inside)
    if rng.random() < 0.15:
        picture = 1 - picture
    return picture.astype(np.float32), truth.astype(np.uint8), inside


def _pose(shape: tuple[int, int], side: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the place (2, side, side) in the film, in pixels, of every pixel of the square."""
    angle = np.deg2rad(rng.normal(0, 10))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    stretch = np.diag(np.exp(rng.uniform(-0.35, 0.35) + rng.normal(0, 0.07, 2)))
    shear = np.array([[1, rng.normal(0, 0.05)], [0, 1]])
    mirror = np.diag([1, rng.choice([-1, 1])])
    axis = np.linspace(-1, 1, side)
    square = np.stack(np.meshgrid(axis, axis, indexing="ij")).reshape(2, -1)
    seen = turn @ shear @ stretch @ mirror @ square + rng.normal(0, 0.07, (2, 1))
    seen /= 1 + rng.normal(0, 0.06, 2) @ square
    half = (np.array(shape)[:, None] - 1) / 2
    return (half + seen * max(shape) / 2).reshape(2, side, side)


def _collimated(side: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return what borders of random width, slightly turned, hide."""
    axis = np.linspace(-1, 1, side)
    y, x = axis[:, None], axis[None]
    hidden = np.zeros((side, side), bool)
    for direction in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        if rng.random() < 0.6:
            tilt = rng.normal(0, 0.05)
            along = direction[0] * y + direction[1] * x + tilt * (direction[1] * y + direction[0] * x)
            hidden |= along > 1 - rng.uniform(0, 0.3)
    return hidden
