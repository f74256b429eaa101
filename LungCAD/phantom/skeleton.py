"""Ribs, sternum, scapulae, clavicles and the heads of the humeri. The spine has its own file."""

from __future__ import annotations

import numpy as np

from LungCAD.phantom.canvas import Canvas, Window
from LungCAD.phantom.chest_wall import ChestWall
from LungCAD.phantom.lung_shape import Lungs
from LungCAD.phantom.physique import Physique
from LungCAD.phantom.shapes import Array, Ellipsoid, Tube, chain
from LungCAD.phantom.waves import WaveField

CORTEX, MARROW, CARTILAGE = 720.0, 130.0, 105.0
SHELL = 1.2  # thickness of cortical bone, mm
RIB_DEPTH, RIB_HALF_THICKNESS, RIB_HALF_HEIGHT = (
    5.5,
    3.6,
    6.5,
)  # outside the cavity, across and along the wall, mm
CARTILAGE_FROM = 0.74  # part of the way from spine to sternum where a rib turns into cartilage


class Skeleton:
    """The bones in the chest wall of one body."""

    def __init__(self, physique: Physique, lungs: Lungs, wall: ChestWall, rng: np.random.Generator) -> None:
        self.physique, self.lungs, self.wall = physique, lungs, wall
        self.grain = WaveField(rng, 4)
        w, f, b = physique.half_width, physique.front, physique.back
        self.rods: tuple[Tube | Ellipsoid, ...] = ()
        for side in (-1, 1):
            self.rods += chain(
                [(side * 24, -0.62 * f, 88, 7), (side * 70, -0.52 * f, 112, 5), (side * 128, 10, 128, 7)]
            )
            self.rods += chain([(side * 0.74 * w, 0.88 * b, 72, 3), (side * 1.06 * w, 0.62 * b, 102, 6)])
            self.rods += (Ellipsoid((side * 1.14 * w, 18, 112), (22, 22, 24)),)

    def paint(self, canvas: Canvas) -> None:
        """Paint the bones over the soft wall."""
        cavity = self.lungs.cavity_distance(canvas.x, canvas.y, canvas.z)
        grain = self.grain(canvas.x, canvas.y, canvas.z)
        near = (np.abs(cavity - RIB_DEPTH) < RIB_HALF_THICKNESS + canvas.width) | (np.abs(cavity - 21) < 6)
        pixels = np.nonzero(near)
        self._paint_ribs(canvas, pixels, cavity[pixels], grain[pixels])
        self._paint_shoulder_blades(canvas, pixels, cavity[pixels], grain[pixels])
        self._paint_sternum(canvas, cavity, grain)
        for rod in self.rods:
            window = canvas.around(rod)
            if window is not None:
                x, y = canvas.coordinates(window)
                self._paint_bone(canvas, rod.distance(x, y, np.float32(canvas.z)), grain[window], window)

    def _paint_bone(
        self, canvas: Canvas, distance: Array, grain: Array, place: Window, bony: Array | float = 1.0
    ) -> None:
        """Paint a shell of cortex round marrow; where `bony` is 0 it is cartilage."""
        mineral = self.physique.bone
        canvas.fill(distance, CARTILAGE + bony * (CORTEX * mineral - CARTILAGE), place)
        inside = CARTILAGE - 25 + bony * (MARROW * mineral + 60 * grain - CARTILAGE + 25)
        canvas.fill(distance + SHELL, inside, place)

    def _paint_ribs(self, canvas: Canvas, pixels: Window, depth: Array, grain: Array) -> None:
        p = self.physique
        x, y = canvas.x[0][pixels[1]], canvas.y[:, 0][pixels[0]]
        way = np.arctan2(np.abs(x), y) / np.pi  # 0 at the spine, 1 at the sternum
        drop = p.rib_slope * np.sin(np.clip(way / 0.75, 0, 1) * np.pi / 2) ** 1.5 - 120 * np.maximum(
            way - 0.75, 0
        )
        order = (p.apex - 8 - canvas.z - drop) / p.rib_spacing + p.rib_phase
        number = np.rint(order)
        height = 0.8 * p.rib_spacing * (order - number)  # across the slanted rib
        norm = np.hypot(height / RIB_HALF_HEIGHT, (depth - RIB_DEPTH) / RIB_HALF_THICKNESS)
        distance = RIB_HALF_THICKNESS * (norm - 1)
        exists = (number >= 0) & (number <= 11) & ((number < 10) | (way < 0.5)) & (np.abs(x) > 16)
        bony = np.clip((CARTILAGE_FROM - way) * 30, 0, 1)
        self._paint_bone(canvas, np.where(exists, distance, np.float32(9)), grain, pixels, bony)

    def _paint_shoulder_blades(self, canvas: Canvas, pixels: Window, depth: Array, grain: Array) -> None:
        if not -30 < canvas.z < 110:
            return
        x, y = canvas.x[0][pixels[1]], canvas.y[:, 0][pixels[0]]
        way = np.arctan2(np.abs(x), y) / np.pi
        up = (canvas.z + 30) / 140
        middle, half_breadth = 0.23 + 0.06 * up, 0.03 + 0.16 * np.sqrt(up * (1.02 - up))
        edge = (
            (half_breadth - np.abs(way - middle)) * self.physique.half_width * np.pi
        )  # mm inside the border
        thickness = 2.0 + 2.0 * np.exp(-np.maximum(edge, 0) / 5)
        plate = np.abs(depth - 20 - 5 * (way - middle) / 0.1) - thickness
        under_skin = self.wall.trunk_distance(x, y, np.full_like(x, canvas.z)) + self.physique.fat + 4
        self._paint_bone(canvas, np.maximum(np.maximum(plate, -edge), under_skin), grain, pixels)

    def _paint_sternum(self, canvas: Canvas, cavity: Array, grain: Array) -> None:
        if not -65 < canvas.z < 90:
            return
        window = canvas.window(-40, 40, -200, 0)
        x, _ = canvas.coordinates(window)
        half_width = 15 + 12 * np.clip((canvas.z - 45) / 40, 0, 1)
        norm = (np.abs(x / half_width) ** 3 + np.abs((cavity[window] - 8) / 6) ** 3) ** (1 / 3)
        self._paint_bone(canvas, 6 * (norm - 1), grain[window], window, 0.7)
