"""Skin, fat, muscles, ribs, sternum, scapulae and the table: everything outside the thoracic cavity."""

from __future__ import annotations

import numpy as np

from LungCAD.phantom.canvas import Canvas
from LungCAD.phantom.lung_shape import Lungs
from LungCAD.phantom.physique import Physique
from LungCAD.phantom.shapes import Array, Tube, chain, coverage, oval
from LungCAD.phantom.waves import WaveField

SKIN, FAT, MUSCLE, MARROW, CORTEX, CARTILAGE = 10.0, -102.0, 52.0, 190.0, 850.0, 110.0
RIB_DEPTH, RIB_HALF_THICKNESS, RIB_HALF_HEIGHT, SHELL = 6.0, 3.8, 6.5, 1.3


class ChestWall:
    """The wall of the chest of one body, painted from the outside inwards."""

    def __init__(self, physique: Physique, lungs: Lungs, rng: np.random.Generator) -> None:
        self.physique, self.lungs = physique, lungs
        self.streaks, self.grain, self.waist = WaveField(rng, 16), WaveField(rng, 4), WaveField(rng, 120)

    def body_distance(self, x: Array, y: Array, z: float) -> Array:
        """Return the signed distance to the skin, across the slice."""
        p = self.physique
        wall = 14 + p.muscle + p.fat
        shoulder = np.clip((z - 20) / 90, 0, 1.2)
        width = p.half_width + wall + 22 * shoulder
        front = p.front + 0.75 * wall - 26 * shoulder**2
        back = p.back + 0.85 * wall + 4 * shoulder
        return oval(x, y - 4, width, front, back, 2.5 + 0.1 * shoulder)

    def paint(self, canvas: Canvas) -> None:
        """Paint the wall; the cavity inside it becomes fat."""
        p = self.physique
        x, y, z = canvas.x, canvas.y, canvas.z
        skin = self.body_distance(x, y, z)
        wall = self.lungs.cavity_distance(x, y, z)
        streaks = self.streaks.on_slice(x, y, z)
        canvas.fill(skin, SKIN)
        canvas.fill(skin + 2, FAT)
        fat = p.fat * (1 + 0.25 * self.waist.on_slice(x, y, z))
        outer = np.maximum(skin + 2 + fat, -wall)
        canvas.fill(outer, MUSCLE + 6 * streaks)
        planes = np.maximum(np.abs(wall - 13 - 2.5 * streaks) - 0.8, skin + 2)
        canvas.blend(0.8 * coverage(planes, canvas.width), FAT)
        self._paint_ribs(canvas, wall)
        self._paint_sternum(canvas, wall)
        self._paint_scapulae(canvas)
        canvas.fill(np.maximum(wall - 1.2, skin), FAT)

    def _paint_ribs(self, canvas: Canvas, wall: Array) -> None:
        p = self.physique
        ring = np.flatnonzero(np.abs(wall - RIB_DEPTH) < RIB_HALF_THICKNESS + 2 * canvas.width)
        if not len(ring):
            return
        rows, columns = np.divmod(ring, canvas.hu.shape[1])
        x, y, depth = canvas.x[0][columns], canvas.y[:, 0][rows], wall.ravel()[ring]
        angle = np.arctan2(np.abs(x), y)  # 0 at the spine, pi at the sternum
        forward = angle / np.pi
        drop = (
            p.rib_slope * (np.sin(np.clip(forward / 0.75, 0, 1) * np.pi / 2) ** 1.5)
            - 30 * np.maximum(forward - 0.75, 0) / 0.25
        )
        order = (p.apex - 8 - canvas.z - drop) / p.rib_spacing + p.rib_phase
        number = np.rint(order)
        height = (order - number) * p.rib_spacing * 0.8
        norm = np.sqrt((height / RIB_HALF_HEIGHT) ** 2 + ((depth - RIB_DEPTH) / RIB_HALF_THICKNESS) ** 2)
        distance = (norm - 1) * RIB_HALF_THICKNESS
        exists = (number >= 0) & (number <= 11) & ((number < 10) | (forward < 0.5)) & (np.abs(x) > 16)
        distance = np.where(exists, distance, np.float32(9))
        cartilage = np.clip((forward - 0.74) * 30, 0, 1) * (y < 0)
        grain = self.grain.on_slice(canvas.x, canvas.y, canvas.z).ravel()[ring]
        shell = CORTEX * p.bone * (1 - cartilage) + CARTILAGE * cartilage
        core = (MARROW * p.bone + 60 * grain) * (1 - cartilage) + (CARTILAGE - 30) * cartilage
        flat = canvas.hu.reshape(-1)
        outside = coverage(distance, canvas.width)
        flat[ring] += outside * (shell - flat[ring])
        inside = coverage(distance + SHELL, canvas.width)
        flat[ring] += inside * (core - flat[ring])

    def _paint_sternum(self, canvas: Canvas, wall: Array) -> None:
        p = self.physique
        if not -60 < canvas.z < 95:
            return
        window = canvas.window(-40, 40, -140, 0)
        x, _ = canvas.coordinates(window)
        half_width = 14 + 12 * np.clip((canvas.z - 45) / 40, 0, 1)
        norm = (np.abs(x / half_width) ** 3 + np.abs((wall[window] - 8) / 6.5) ** 3) ** (1 / 3)
        distance = (norm - 1) * 6.5
        distance = np.where(canvas.y[window[0]] < 0, distance, np.float32(9))
        grain = self.grain.on_slice(canvas.x, canvas.y, canvas.z)[window]
        canvas.fill(distance, 450 * p.bone, window)
        canvas.fill(distance + SHELL, 130 * p.bone + 60 * grain, window)

    def _paint_scapulae(self, canvas: Canvas) -> None:
        for blade in self._scapulae():
            for shape, value in ((0.0, 800.0), (-1.6, 250.0)):
                canvas.fill_shape(blade, value * self.physique.bone, shape)

    def _scapulae(self) -> tuple[Tube, ...]:
        p = self.physique
        tubes = []
        for side in (-1, 1):
            w, b = p.half_width, p.back
            tubes += chain(
                [(side * 0.62 * w, b * 0.98 + 14, -15, 3), (side * 0.72 * w, b * 0.9 + 14, 100, 3.5)]
            )
            tubes += chain(
                [(side * 0.75 * w, b * 0.86 + 14, 0, 2.5), (side * 1.02 * w, b * 0.42 + 12, 95, 4)]
            )
            tubes += chain([(side * 0.72 * w, b * 0.9 + 14, 90, 4), (side * 1.1 * w, b * 0.42 + 10, 100, 9)])
        return tuple(tubes)


def paint_table(canvas: Canvas, top: float) -> None:
    """Paint the curved table that the patient lies on; `top` is y of its upper face at the midline."""
    x, y = canvas.x, canvas.y
    face = top - 0.0011 * x * x
    for depth, thickness, value in ((6.0, 1.6, -300.0), (30.0, 1.6, -300.0)):
        canvas.fill(np.abs(y - face - depth + 0.2 * depth * (x / 200) ** 2) - thickness / 2, value)
