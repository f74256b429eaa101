"""The lungs' outer form, the diaphragm and the fissures."""

from __future__ import annotations

import numpy as np

from LungCAD.phantom.mediastinum import Mediastinum
from LungCAD.phantom.physique import Physique
from LungCAD.phantom.shapes import Array, Ellipsoid, oval, smooth_intersection, smooth_union
from LungCAD.phantom.waves import WaveField

ROUNDING = 7.0  # of the lungs' edges, mm
EGG = 0.10  # how much narrower the chest is in front than behind


class Lungs:
    """Where the lungs of one body lie: the cavity of the ribs less mediastinum, spine and diaphragm."""

    def __init__(self, physique: Physique, mediastinum: Mediastinum, rng: np.random.Generator) -> None:
        self.physique, self.mediastinum = physique, mediastinum
        self.ripple = WaveField(rng, 90)
        p, root = physique, physique.floor - 25
        self.domes = tuple(
            Ellipsoid((side * 0.5 * p.half_width, -2, root), (0.55 * p.half_width, 0.97 * p.back, top - root))
            for side, top in ((-1, p.right_dome), (1, p.left_dome))
        )

    def cavity_distance(self, x: Array, y: Array, z: Array | float) -> Array:
        """Return the signed distance to the inside of the rib cage, across the slice."""
        p = self.physique
        rise = np.clip((np.float32(1) * z + 60) / (p.apex + 60), 0, 1)
        taper = np.maximum(1 - rise**3.0, 1e-4) ** (1 / 1.9)
        y = y - (2 + 16 * rise * rise)
        narrowing = 1 + EGG * y / p.back  # towards the sternum
        section = oval(
            x / narrowing, y, p.half_width * taper, p.front * taper, (p.back - 8 * rise) * taper, p.roundness
        )
        return section - np.float32(1.8) * self.ripple(x, y, z)

    def spine_line(self, z: Array | float) -> Array | float:
        """Return y of the vertebral bodies' centre at height z."""
        return 60 - 10 * self.physique.kyphosis * ((z - 10) / 100) ** 2

    def diaphragm_distance(self, x: Array, y: Array, z: Array | float) -> Array:
        """Return the signed distance to what lies under the diaphragm."""
        right, left = (dome.distance(x, y, z) for dome in self.domes)
        floor = z - (self.physique.floor - 0.12 * (y - 60) + 16 * np.exp(-((x / 45) ** 2)))
        return smooth_union(smooth_union(right, left, 12), floor, 3)

    def distance(self, x: Array, y: Array, z: Array | float) -> Array:
        """Return the signed distance to the lungs; the right one lies at x < 0."""
        wall = self.cavity_distance(x, y, z)
        column = oval(x, y - self.spine_line(z), 21.5, 18, 40, 2.2)
        inner = smooth_union(self.mediastinum.distance(x, y, z), column, 10) - self.ripple(x, y, z - 200)
        lung = smooth_intersection(wall, -inner, ROUNDING)
        return smooth_intersection(lung, -self.diaphragm_distance(x, y, z), 4)

    def oblique_distance(self, x: Array, y: Array, z: Array | float) -> Array:
        """Return the height over the oblique fissures, along their normal."""
        p = self.physique
        tilt = np.where(x < 0, np.float32(0), np.float32(6))
        surface = (
            p.oblique_height
            + tilt
            + p.oblique_slope * y
            - 0.0012 * (np.abs(x) - 70) ** 2
            + 3 * self.ripple(x, y, z)
        )
        return (z - surface) / np.sqrt(1 + p.oblique_slope**2)

    def horizontal_distance(self, x: Array, y: Array, z: Array | float) -> Array:
        """Return the height over the right lung's horizontal fissure."""
        return z - (
            self.physique.horizontal_height
            - 0.12 * (y + 20)
            - 0.001 * (x + 70) ** 2
            + 4 * self.ripple(x, y, z + 200)
        )

    def lobe(self, points: Array) -> Array:
        """Return the lobe (N,) of points (N, 3): 0 1 2 right upper, middle, lower, 3 4 left upper, lower."""
        x, y, z = points.T
        lower = self.oblique_distance(x, y, z) < 0
        middle = self.horizontal_distance(x, y, z) < 0
        return np.where(x < 0, np.where(lower, 2, np.where(middle, 1, 0)), np.where(lower, 4, 3))
