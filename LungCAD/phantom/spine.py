"""The vertebral column."""

from __future__ import annotations

import numpy as np

from LungCAD.phantom.canvas import Canvas
from LungCAD.phantom.lung_shape import Lungs
from LungCAD.phantom.physique import Physique
from LungCAD.phantom.shapes import oval, smooth_union
from LungCAD.phantom.waves import WaveField

PERIOD = 25.0  # height of a vertebra with its disc, mm
CORTEX, SPONGY, DISC, CORD, EPIDURAL, MUSCLE = 620.0, 170.0, 85.0, 30.0, -20.0, 52.0


class Spine:
    """Vertebral bodies, discs, arches and processes of one body."""

    def __init__(self, physique: Physique, lungs: Lungs, rng: np.random.Generator) -> None:
        self.physique, self.lungs = physique, lungs
        self.grain, self.phase = WaveField(rng, 4), rng.uniform(0, PERIOD)

    def paint(self, canvas: Canvas) -> None:
        """Paint the column with the muscles beside it."""
        z, bone = canvas.z, self.physique.bone
        line = self.lungs.spine_line(z)
        window = canvas.window(-60, 60, line - 24, line + 75)
        x, y = canvas.coordinates(window)
        y = y - np.float32(line)
        level = (z + self.phase) % PERIOD - PERIOD / 2  # height in the vertebra, 0 in its middle
        end = PERIOD / 2 - 3 - abs(level)  # distance from the end plate, negative in the disc
        waist = 1.5 * (1 - (level / (PERIOD / 2)) ** 2)
        grain = self.grain(canvas.x, canvas.y, z)[window]
        flesh = np.maximum(oval(x, y - 30, 44, 22, 26, 2.4), 14 - y)
        canvas.fill(flesh, MUSCLE + 6 * grain, window)
        canal = oval(x, y - 22, 9.5, 7.5, 7.5)
        arch = oval(x, y - 22, 14, 12, 12)
        spinous = np.maximum(np.abs(x) - 3.2, np.maximum(30 - y, y - 52))
        bones = smooth_union(arch, spinous, 3)
        if level > 0:
            transverse = np.maximum(np.abs(y - 27 - 0.25 * np.abs(x)) - 4.5, np.abs(x) - 34)
            bones = smooth_union(bones, transverse, 3)
        if end > 0:
            vertebra = oval(x, y, 17.5 - waist, 14.5 - waist, 13 - waist, 2.4)
            bones = np.minimum(bones, np.maximum(vertebra, -oval(x, y - 20, 9, 8, 8)))
        else:
            canvas.fill(oval(x, y, 18, 15, 13, 2.4), DISC, window)
        bones = np.maximum(bones, -canal)
        canvas.fill(bones, CORTEX * bone, window)
        plate = np.clip((2.5 - abs(end)) / 1.5, 0, 1) * (y < 10)  # of dense bone at both ends of the body
        marrow = SPONGY * bone + 55 * grain
        canvas.fill(bones + 1.5, marrow + plate * (CORTEX * bone - marrow), window)
        canvas.fill(canal, EPIDURAL, window)
        canvas.fill(oval(x, y - 22, 6, 5, 5), CORD, window)
