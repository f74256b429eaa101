"""Skin, fat, muscles and breasts: the soft wall of the chest, and the table under it."""

from __future__ import annotations

import numpy as np

from LungCAD.phantom.canvas import Canvas
from LungCAD.phantom.lung_shape import Lungs
from LungCAD.phantom.physique import Physique
from LungCAD.phantom.shapes import Array, Ellipsoid, chain, coverage, oval, smooth_union
from LungCAD.phantom.waves import WaveField

SKIN, FAT, MUSCLE, GLAND, BLOOD, TABLE = 10.0, -102.0, 52.0, 20.0, 42.0, -250.0
RIB_LAYER = 14.0  # ribs, their muscles and the fat on both sides of them, mm
LAYERS = (13.0, 29.0, 46.0, 64.0)  # depth outside the cavity of the fat planes between the muscles, mm


class ChestWall:
    """The soft wall of one body, painted before the bones in it."""

    def __init__(self, physique: Physique, lungs: Lungs, rng: np.random.Generator) -> None:
        self.physique, self.lungs = physique, lungs
        self.grain, self.fold, self.waist = WaveField(rng, 9), WaveField(rng, 60), WaveField(rng, 120)
        p = physique
        self.breasts = tuple(
            Ellipsoid((side * 0.66 * p.half_width, -p.front - 10, 0), (60, 14 + 24 * p.breast, 52))
            for side in (-1, 1)
        )
        self.armpits = tuple(
            Ellipsoid((side * (p.half_width + 10), -4, 88), (10 + p.fat / 2, 24, 50)) for side in (-1, 1)
        )
        self.axillary = tuple(
            chain(
                [(side * 50, -24, 122, 5), (side * (p.half_width + 8), -6, 100, 4), (side * 150, 8, 104, 3.5)]
            )
            for side in (-1, 1)
        )

    @property
    def thickness(self) -> float:
        """Mean thickness of the wall in mm."""
        return RIB_LAYER + self.physique.muscle + self.physique.fat

    def trunk_distance(self, x: Array, y: Array, z: Array | float) -> Array:
        """Return the signed distance to the trunk's surface without the breasts, across the slice."""
        p = self.physique
        shoulder = np.clip((z - 20) / 90, 0, 1.2)
        width = p.half_width + self.thickness + 24 * shoulder
        front = p.front + 0.75 * self.thickness - 26 * shoulder**2
        back = p.back + 0.85 * self.thickness + 4 * shoulder
        return oval(x, y - 4, width, front, back, 2.4 + 0.1 * shoulder) - 2 * self.waist(x, y, z)

    def paint(self, canvas: Canvas) -> None:
        """Paint the wall from the skin inwards; the cavity inside it becomes fat."""
        x, y, z = canvas.x, canvas.y, canvas.z
        trunk = self.trunk_distance(x, y, z)
        cavity = self.lungs.cavity_distance(x, y, z)
        grain, fold = self.grain(x, y, z), self.fold(x, y, z)
        skin = self._with_breasts(canvas, trunk)
        canvas.fill(skin, SKIN)
        canvas.fill(skin + 2, FAT + 4 * grain)
        if skin is not trunk:
            strands = np.maximum(skin + 9, -trunk - 3)
            canvas.blend(coverage(strands, canvas.width) * np.clip(grain + 0.3 * fold, 0, 1), GLAND)
        fat = 2 + self.physique.fat * (1 + 0.3 * fold)
        flesh = np.maximum(trunk + fat, -cavity)
        canvas.fill(flesh, MUSCLE + 5 * grain)
        between = np.min([np.abs(cavity - depth - 5 * fold) for depth in LAYERS], axis=0)
        planes = np.maximum(between - 0.2 - 1.1 * self.waist(x + 70, y, z), trunk + fat)
        canvas.blend(0.85 * coverage(planes, canvas.width), FAT)
        for armpit, vessels in zip(self.armpits, self.axillary, strict=True):
            window = canvas.around(armpit, 15)
            if window is not None:
                hollow = armpit.distance(*canvas.coordinates(window), np.float32(z))
                canvas.fill(hollow - (6 * fold + 2 * grain)[window], FAT + 10, window)
            for vessel in vessels:
                canvas.fill_shape(vessel, BLOOD)
        canvas.fill(cavity - 1.2, FAT)

    def _with_breasts(self, canvas: Canvas, trunk: Array) -> Array:
        if not self.physique.breast or abs(canvas.z) > 60:
            return trunk
        for breast in self.breasts:
            trunk = smooth_union(trunk, breast.distance(canvas.x, canvas.y, np.float32(canvas.z)), 25)
        return trunk


def paint_table(canvas: Canvas, top: float) -> None:
    """Paint the table, two curved sheets; `top` is y of the patient's back at the midline, in mm."""
    for depth in (6.0, 28.0):
        face = top + depth - (0.0011 - 0.000005 * depth) * canvas.x**2
        canvas.fill(np.abs(canvas.y - face) - 0.9, TABLE)
