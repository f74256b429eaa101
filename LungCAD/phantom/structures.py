"""Random structures in the space of the patient: smooth noise, cells with walls, scattered balls and strands.

Everything is a function of position in mm, so one structure can be sampled at any spacing and slice
thickness. Points are float arrays (N, 3) in mm, in the order (z, y, x). Small structures are given the
profile that they have after a blur by the scanner (`blur`, its standard deviation in mm).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree
from scipy.special import erf, erfc

Points = NDArray[np.float64]
Values = NDArray[np.float32]

_QUADRATIC_SPLINE_POWER = 0.55**3  # mean square of white noise after a quadratic B-spline along three axes


def smooth_noise(points: Points, scale: float, rng: np.random.Generator) -> Values:
    """Return Gaussian noise (N,) of mean 0 and variance 1 that varies over about `scale` mm."""
    low, high = _box(points, scale)
    lattice = rng.standard_normal(np.ceil((high - low) / scale).astype(int) + 3).astype(np.float32)
    position = ((points - low) / scale + 1).T
    values = ndimage.map_coordinates(lattice, position, order=2, prefilter=False, mode="nearest")
    return values / np.float32(np.sqrt(_QUADRATIC_SPLINE_POWER))


def warp(points: Points, amplitude: float, scale: float, rng: np.random.Generator) -> Points:
    """Displace points by smooth noise of `amplitude` mm (standard deviation per axis): lines bend."""
    return points + amplitude * np.stack([smooth_noise(points, scale, rng) for _ in range(3)], axis=1)


@dataclass(frozen=True)
class Cells:
    """Voronoi cells around random seeds.

    Attributes
    ----------
    index : cell of each point (N,).
    centre : distance to the seed of the cell in mm (N,).
    wall : distance to the nearest wall of the cell in mm (N,).
    count : number of cells.
    """

    index: NDArray[np.intp]
    centre: Values
    wall: Values
    count: int

    def per_cell(self, rng: np.random.Generator) -> Values:
        """Return one standard normal number for each cell, spread to the points (N,)."""
        return rng.standard_normal(self.count).astype(np.float32)[self.index]

    def mosaic(self, rng: np.random.Generator, seam: float) -> Values:
        """Return one standard normal number for each cell, faded to 0 within `seam` mm of its walls (N,)."""
        return self.per_cell(rng) * smooth_step(self.wall / seam - 0.5)


def cells(points: Points, pitch: float, rng: np.random.Generator, jitter: float = 0.9) -> Cells:
    """Return the Voronoi cells of a jittered lattice: about `pitch` mm wide, regular for `jitter` 0."""
    seeds = scatter(points, pitch, rng, jitter)
    distance, nearest = cKDTree(seeds).query(points, k=2)
    (first, second), (a, b) = distance.T, nearest.T
    wall = (second**2 - first**2) / (2 * np.linalg.norm(seeds[a] - seeds[b], axis=1))
    return Cells(a, first.astype(np.float32), wall.astype(np.float32), len(seeds))


def scatter(points: Points, pitch: float, rng: np.random.Generator, jitter: float = 0.9) -> Points:
    """Return a jittered lattice (M, 3) wherever some of `points` are near, one point per `pitch`³ mm³."""
    low, high = _box(points, 3 * pitch)
    occupied = np.zeros(np.ceil((high - low) / pitch).astype(int), bool)
    occupied[tuple(((points - low) / pitch).astype(int).T)] = True
    lattice = np.argwhere(ndimage.binary_dilation(occupied, np.ones((3, 3, 3)), iterations=2))
    return low + pitch * (lattice + 0.5 + jitter * rng.uniform(-0.5, 0.5, lattice.shape))


@dataclass(frozen=True)
class Strands:
    """Curved tubes, as points along their centre lines: positions (M, 3) and radii (M,), both in mm."""

    centres: Points
    radii: Values

    def profile(self, points: Points, blur: float) -> Values:
        """Return how much of each blurred point lies within a tube (N,), 0..1."""
        return balls(points, self.centres, self.radii, blur)

    def distance(self, points: Points, reach: float) -> tuple[Values, Values]:
        """Return distance to the nearest centre line, infinite beyond `reach` mm, and radius there (N,)."""
        distance, nearest = cKDTree(self.centres).query(points, distance_upper_bound=reach)
        radii = np.append(self.radii, 1.0)[nearest]
        return distance.astype(np.float32), radii.astype(np.float32)


def strands(
    points: Points,
    pitch: float,
    length: tuple[float, float],
    radius: tuple[float, float],
    rng: np.random.Generator,
) -> Strands:
    """Return random curved tubes around `points`: one starts in every `pitch`³ mm³.

    `length` and `radius` are ranges in mm; a tube grows thinner towards its end.
    """
    step = 0.5
    starts = scatter(points, pitch, rng, jitter=1.0)
    travelled = np.arange(0, length[1], step)
    heading = _unit(rng.standard_normal((len(starts), 1, 3)))
    bend = 0.12 * rng.standard_normal((len(starts), 1, 3))
    centres = starts[:, None] + np.cumsum(step * _unit(heading + bend * travelled[:, None]), axis=1)
    exists = travelled < rng.uniform(*length, (len(starts), 1))
    radii = rng.uniform(*radius, (len(starts), 1)) * (1 - 0.5 * travelled / length[1])
    return Strands(centres[exists], radii[exists].astype(np.float32))


def balls(points: Points, centres: Points, radii: Values, blur: float) -> Values:
    """Return how much of each blurred point lies within the nearest ball (N,), 0..1.

    The peak of a small ball falls with its radius as that of a blurred disc does, 1 - exp(-r²/2σ²).
    """
    reach = float(radii.max()) + 3 * blur
    distance, nearest = cKDTree(centres).query(points, distance_upper_bound=reach)
    near = np.isfinite(distance)
    radius, width = radii[nearest[near]], np.sqrt(2) * blur
    peak = 1 - np.exp(-((radius / width) ** 2))
    values = np.zeros(len(points), np.float32)
    values[near] = peak * erfc((distance[near] - radius) / width) / erfc(-radius / width)
    return values


def sheet(distance: Values, thickness: Values | float, blur: float) -> Values:
    """Return how much of each blurred point lies in a flat wall, its middle at `distance` mm (N,), 0..1."""
    width, half = np.sqrt(2) * blur, np.asarray(thickness) / 2
    return (0.5 * (erf((distance + half) / width) - erf((distance - half) / width))).astype(np.float32)


def smooth_step(x: NDArray) -> Values:
    """Return 0 below -1/2, 1 above +1/2, smooth between."""
    t = np.clip(np.asarray(x, np.float32) + 0.5, 0, 1)
    return t * t * (3 - 2 * t)


def _box(points: Points, margin: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return points.min(axis=0) - margin, points.max(axis=0) + margin


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
