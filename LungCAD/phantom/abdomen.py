"""Diaphragm, liver, spleen, stomach and the fat between them."""

from __future__ import annotations

import numpy as np

from LungCAD.phantom.canvas import Canvas
from LungCAD.phantom.lung_shape import Lungs
from LungCAD.phantom.physique import Physique
from LungCAD.phantom.shapes import Ellipsoid
from LungCAD.phantom.waves import WaveField

DIAPHRAGM, LIVER, SPLEEN, STOMACH, GAS, FAT = 45.0, 58.0, 48.0, 25.0, -980.0, -98.0


class Abdomen:
    """The organs under the diaphragm of one body."""

    def __init__(self, physique: Physique, lungs: Lungs, rng: np.random.Generator) -> None:
        self.lungs = lungs
        p = physique
        w, top = p.half_width, p.left_dome
        self.grain = WaveField(rng, 5)
        self.spleen = Ellipsoid((0.66 * w, 44, top - 38), (26, 40, 34))
        self.stomach = Ellipsoid((0.5 * w, -8, top - 36), (36, 44, 28))
        self.gas_level = -8 - rng.uniform(0, 25)

    def paint(self, canvas: Canvas) -> None:
        """Paint what lies under the diaphragm."""
        x, y, z = canvas.x, canvas.y, canvas.z
        if z > max(dome.bounds[1][2] for dome in self.lungs.domes) + 4:
            return
        z = np.float32(z)
        cavity = self.lungs.cavity_distance(x, y, canvas.z)
        under = np.maximum(self.lungs.diaphragm_distance(x, y, z), cavity + 1)
        grain = 4 * self.grain(x, y, z)
        canvas.fill(under, DIAPHRAGM)
        canvas.fill(under + 3, FAT + grain)
        liver = np.maximum(under + 2.5, x - 18 + 0.25 * (y + 60) - 14 * self.lungs.ripple(x, y, z))
        canvas.fill(liver, LIVER + grain)
        canvas.fill(np.maximum(self.spleen.distance(x, y, z), under + 3), SPLEEN + grain)
        stomach = np.maximum(self.stomach.distance(x, y, z), under + 4)
        canvas.fill(stomach, STOMACH + 25)
        canvas.fill(stomach + 4, STOMACH + 3 * grain)
        canvas.fill(np.maximum(stomach + 4, y - self.gas_level), GAS)
