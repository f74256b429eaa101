"""Heart, great vessels, central airways and oesophagus: what lies between the lungs."""

from __future__ import annotations

import numpy as np

from LungCAD.phantom.physique import Physique
from LungCAD.phantom.shapes import Array, Ellipsoid, Tube, chain, smooth_union

PLEURA = 2.0  # tissue between a vessel and the lung beside it, mm
FILLET = 6.0
REACH = 15.0  # height over and under a vessel where it may still round the lungs' border, mm


class Mediastinum:
    """The organs between the lungs of one body.

    Attributes: `heart` (ellipsoids), `vessels`, `trachea` (lumina of the central airways), `oesophagus`
    (tubes) and `hilum`, where arteries and veins of a lung begin: (kind, side) -> (x, y, z), side 0 is right.
    """

    def __init__(self, physique: Physique) -> None:
        self.physique = physique
        size = physique.heart
        turn = -0.55 + physique.heart_turn
        long = np.array([np.cos(turn) * 0.8415, np.sin(turn) * 0.8415, -0.5403])
        short = np.cross(long, [0, 0, 1.0])
        short /= np.linalg.norm(short)
        axes = tuple(tuple(float(v) for v in axis) for axis in (long, short, np.cross(long, short)))
        self.heart = (
            Ellipsoid((20, -26, -48), (64 * size, 46 * size, 46 * size), axes),
            Ellipsoid((-22 * size, -16, -40), (26 * size, 33 * size, 38 * size)),
            Ellipsoid((6, 10, -16), (34 * size, 18 * size, 21 * size)),
        )
        ascending = [(2, -22, -25, 15), (-12, -30, 10, 15.5), (-10, -28, 34, 14.5)]
        arch = [(2, -12, 52, 14), (14, 10, 56, 13.5), (20, 36, 42, 12)]
        descending = [(22, 40, 15, 12.5), (20, 40, -60, 12), (10, 38, -300, 11)]
        self.vessels = (
            *chain([*ascending, *arch, *descending], physique.aorta),
            *chain([(16, -42, -15, 14), (18, -30, 8, 13.5), (20, -8, 16, 12)]),  # pulmonary trunk
            *chain([(20, -8, 16, 11), (-6, -2, 10, 10.5), (-34, 0, 4, 9.5)]),  # right pulmonary artery
            *chain([(20, -8, 16, 11.5), (30, 8, 20, 10.5), (40, 16, 12, 9)]),  # left pulmonary artery
            *chain([(-26, -14, -20, 10), (-27, -18, 45, 9), (-24, -20, 70, 8)]),  # superior vena cava
            *chain([(-24, -20, 70, 7.5), (-30, -14, 130, 7)]),
            *chain([(-24, -20, 68, 7), (4, -28, 76, 6.5), (26, -20, 92, 6.5), (32, -14, 130, 6)]),
            *chain([(-4, -18, 54, 6), (-14, -8, 82, 6), (-26, -4, 130, 5)]),  # brachiocephalic artery
            *chain([(8, -2, 62, 4.5), (16, 0, 130, 4)]),  # left carotid
            *chain([(15, 12, 62, 5), (24, 16, 100, 5), (40, 10, 130, 5)]),  # left subclavian
            *chain([(-22, 2, -70, 12), (-20, 4, -300, 12)]),  # inferior vena cava
            *chain([(-8, 14, -14, 8), (-34, 10, -10, 6.5)]),  # right pulmonary veins
            *chain([(-8, 16, -24, 8), (-34, 20, -28, 6)]),
            *chain([(18, 12, -12, 8), (42, 4, -4, 6.5)]),  # left pulmonary veins
            *chain([(18, 16, -24, 8), (42, 24, -28, 6)]),
            *chain([(-6, 30, 30, 3.5), (-6, 34, -300, 3)]),  # azygos
        )
        self.trachea = (
            *chain([(0, 4, 200, 8.5), (-1, 8, 100, 8.8), (-4, 16, 34, 8.6)]),
            *chain([(-5, 16, 34, 7), (-24, 18, 15, 6.2), (-40, 18, 2, 5)]),
            *chain([(-3, 16, 34, 6.5), (20, 22, 14, 5.8), (44, 24, 2, 5)]),
        )
        self.oesophagus = chain([(2, 20, 200, 6), (4, 28, 40, 7), (4, 26, -20, 7.5), (14, 22, -90, 8)])
        self.hilum = {
            ("artery", 0): (-34, 2, 4),
            ("artery", 1): (40, 16, 10),
            ("vein", 0): (-34, 12, -14),
            ("vein", 1): (42, 10, -12),
        }

    @property
    def tubes(self) -> tuple[Tube, ...]:
        """Every tube that pushes the lungs aside."""
        return (*self.vessels, *self.trachea, *self.oesophagus)

    def heart_distance(self, x: Array, y: Array, z: Array | float) -> Array:
        """Return the signed distance to the heart."""
        left, right, atrium = (part.distance(x, y, z) for part in self.heart)
        return smooth_union(smooth_union(left, right, 10), atrium, 8)

    def groove_distance(self, x: Array, y: Array, z: Array | float) -> Array:
        """Return the signed distance to the fat in the grooves between the chambers of the heart."""
        left, right = (part.distance(x, y, z) for part in self.heart[:2])
        between = np.abs(left - right) / 2 - 2.5
        surface = self.heart_distance(x, y, z)
        return np.maximum(between, np.abs(surface + 6) - 6)

    def distance(self, x: Array, y: Array, z: Array | float) -> Array:
        """Return the signed distance to the whole mediastinum with its fat: the lungs' inner border."""
        upper = np.clip((np.float32(1) * z + 20) / 60, 0, 1)
        sternum = -self.physique.front
        half_width = 2 + (10 + 14 * upper) * np.exp(-(((y + 2) / 33) ** 2)) + 14 * np.exp((sternum - y) / 9)
        border = np.abs(x) - half_width
        border = smooth_union(border, self.heart_distance(x, y, z) - 4, 10)
        low, high = np.min(z) - REACH, np.max(z) + REACH
        for tube in self.tubes:
            bottom, top = (corner[2] for corner in tube.bounds)
            if bottom < high and top > low:
                border = smooth_union(border, tube.distance(x, y, z) - PLEURA, FILLET)
        return border
