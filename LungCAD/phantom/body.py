"""One patient: all organs of the chest in millimetres, ready to be painted slice by slice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from LungCAD.phantom.abdomen import Abdomen
from LungCAD.phantom.canvas import Canvas
from LungCAD.phantom.chest_wall import ChestWall, paint_table
from LungCAD.phantom.lung_shape import Lungs
from LungCAD.phantom.lung_trees import grow_lung_trees
from LungCAD.phantom.mediastinum import Mediastinum
from LungCAD.phantom.physique import draw_physique
from LungCAD.phantom.shapes import Array, coverage, sheet_coverage
from LungCAD.phantom.skeleton import Skeleton
from LungCAD.phantom.spine import Spine
from LungCAD.phantom.waves import WaveField

AIR, BLOOD, HEART, MYOCARDIUM, WALL, FAT = -1000.0, 42.0, 40.0, 50.0, 20.0, -98.0
BRONCHUS_WALL = (0.3, 0.12)  # mm, and per mm of the lumen's radius
FISSURE_THICKNESS, FISSURE = 0.35, 0.0  # mm, HU


@dataclass(frozen=True)
class Layer:
    """Signed `distance` (Y, X) to the lungs in mm; parts (0..1) filled by lung, fissures, central airways."""

    distance: Array
    lung: Array
    fissure: Array
    central: Array


class Body:
    """The anatomy of the patient of one `seed`."""

    def __init__(self, seed: int) -> None:
        streams = iter(np.random.default_rng(seed).spawn(8))
        self.physique = draw_physique(next(streams))
        self.mediastinum = Mediastinum(self.physique)
        self.lungs = Lungs(self.physique, self.mediastinum, next(streams))
        self.wall = ChestWall(self.physique, self.lungs, next(streams))
        self.skeleton = Skeleton(self.physique, self.lungs, self.wall, next(streams))
        self.spine = Spine(self.physique, self.lungs, next(streams))
        self.abdomen = Abdomen(self.physique, self.lungs, next(streams))
        self.vessels, self.bronchi = grow_lung_trees(self.lungs, self.mediastinum, next(streams))
        constant, per_radius = BRONCHUS_WALL
        self.bronchi_with_walls = self.bronchi.grown(constant + per_radius * self.bronchi.start_radius)
        self.mottle = WaveField(next(streams), 40)

    @property
    def extent(self) -> tuple[float, float, float]:
        """Width and depth of the body and height of the lungs, in mm, with a margin."""
        p, wall = self.physique, self.wall.thickness
        return 2 * (p.half_width + wall) + 16, p.front + p.back + 1.6 * wall + 30, p.apex - p.floor + 30

    @property
    def centre(self) -> tuple[float, float, float]:
        """The point (x, y, z) in mm that belongs in the middle of a scan."""
        return 0.0, 12.0, (self.physique.apex + self.physique.floor - 8) / 2

    def paint(self, canvas: Canvas, below: Array, table: bool) -> Layer:
        """Paint everything but the trees of vessels and bronchi on a slice of air.

        below : the signed distance (Y, X) to the lungs one layer lower.
        """
        if table:
            paint_table(canvas, self.physique.back + 0.85 * self.wall.thickness + 4)
        self.wall.paint(canvas)
        self._paint_mediastinum(canvas)
        self.spine.paint(canvas)
        self.skeleton.paint(canvas)
        self.abdomen.paint(canvas)
        return self._paint_lungs(canvas, below)

    def _paint_mediastinum(self, canvas: Canvas) -> None:
        x, y, z = canvas.x, canvas.y, np.float32(canvas.z)
        organs = self.mediastinum
        if canvas.z < 60:
            heart = organs.heart_distance(x, y, z)
            canvas.fill(np.abs(heart - 3) - 0.6, WALL)  # the pericardium
            canvas.fill(heart, MYOCARDIUM)
            canvas.fill(heart + 9, HEART)
            canvas.fill(organs.groove_distance(x, y, z), FAT)
        for tube in organs.oesophagus:
            canvas.fill_shape(tube, 35)
        for tube in organs.vessels:
            canvas.fill_shape(tube, BLOOD)
        for tube in organs.trachea:
            canvas.fill_shape(tube, WALL, 1.4)

    def _paint_lungs(self, canvas: Canvas, below: Array) -> Layer:
        x, y, z = canvas.x, canvas.y, np.float32(canvas.z)
        distance = self.lungs.distance(x, y, z)
        # a slanted border crosses the layer over a breadth that grows with the layer's thickness
        lung = coverage(distance, canvas.width + np.abs(distance - below))
        p = self.physique
        canvas.blend(lung, p.density + p.gravity * (y - 10) + 6 * self.mottle(x, y, z))
        fissure = lung * self._fissures(canvas)
        canvas.blend(fissure, FISSURE)
        central = np.zeros_like(canvas.hu)
        for tube in self.mediastinum.trachea:
            window = canvas.around(tube)
            if window is not None:
                inside = coverage(tube.distance(*canvas.coordinates(window), z), canvas.width)
                central[window] = np.maximum(central[window], inside)
        return Layer(distance, lung, fissure, central)

    def _fissures(self, canvas: Canvas) -> Array:
        x, y, z = canvas.x, canvas.y, np.float32(canvas.z)
        oblique = self.lungs.oblique_distance(x, y, z)
        horizontal = self.lungs.horizontal_distance(x, y, z)
        slanted = sheet_coverage(oblique, FISSURE_THICKNESS, canvas.width + 0.7 * canvas.thickness)
        flat = sheet_coverage(horizontal, FISSURE_THICKNESS, max(canvas.width, canvas.thickness))
        return np.maximum(slanted, flat * ((x < 0) & (oblique > 0)))
