"""A healthy synthetic thorax: noiseless HU with its lungs, airways, vessels and fissures.

Everything is defined in millimetres, independent of the grid; a grid only samples it. Slices thicker than
`LAYER` are averaged over their thickness as a scanner does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.phantom.abdomen import Abdomen
from LungCAD.phantom.canvas import Canvas
from LungCAD.phantom.chest_wall import ChestWall, paint_table
from LungCAD.phantom.lung_shape import Lungs
from LungCAD.phantom.lung_trees import grow_lung_trees
from LungCAD.phantom.mediastinum import Mediastinum
from LungCAD.phantom.physique import draw_physique
from LungCAD.phantom.shapes import coverage
from LungCAD.phantom.spine import Spine
from LungCAD.phantom.tubes import fill_tubes
from LungCAD.phantom.waves import WaveField
from LungCAD.progress import Progress, silent

AIR, FAT, BLOOD, HEART, WALL = -1000.0, -98.0, 42.0, 42.0, 20.0
LAYER = 2.0  # thickest layer that is sampled at its middle only, mm
SLAB_VOXELS = 4_000_000  # voxels rendered at a time


@dataclass(frozen=True)
class ThoraxParameters:
    """What thorax to make and how to sample it.

    Parameters
    ----------
    size : voxels along x, y, z. spacing : of them in mm. seed : of the patient; another seed is another patient.
    table : paint the scanner's table. thickness : of a slice in mm; less than the spacing along z leaves gaps, as
    in sequential HRCT; None for slices that touch.
    """

    size: tuple[int, int, int] = (320, 320, 40)
    spacing: tuple[float, float, float] = (1.0, 1.0, 7.0)
    seed: int = 0
    table: bool = True
    thickness: float | None = None

    def __post_init__(self) -> None:
        if len(self.size) != 3 or min(self.size) < 1:
            raise InputError("size", f"{self.size} is no grid", "Give three positive numbers of voxels")
        if self.thickness is not None and not 0 < self.thickness <= self.spacing[2]:
            raise InputError("thickness", f"{self.thickness} mm does not fit the spacing", "Give at most spacing z")
        if len(self.spacing) != 3 or not min(self.spacing) > 0:
            raise InputError(
                "spacing", f"{self.spacing} is no voxel size", "Give three positive lengths in mm"
            )


@dataclass(frozen=True)
class Thorax:
    """A healthy thorax on a grid; arrays are (z, y, x), axes LPS.

    hu : float32, noiseless. lungs : uint8, 1 right and 2 left lung of the patient, without trachea and main bronchi.
    airways : bool, lumen of trachea and bronchi. vessels : float32 0..1, part of a voxel filled by lung vessels.
    fissures : float32 0..1, part of a voxel filled by fissures. spacing, origin : x, y, z in mm.
    """

    hu: NDArray[np.float32]
    lungs: NDArray[np.uint8]
    airways: NDArray[np.bool_]
    vessels: NDArray[np.float32]
    fissures: NDArray[np.float32]
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]


class Body:
    """One patient: all organs, in millimetres."""

    def __init__(self, seed: int) -> None:
        rngs = iter(np.random.default_rng(seed).spawn(8))
        self.physique = draw_physique(next(rngs))
        self.mediastinum = Mediastinum(self.physique)
        self.lungs = Lungs(self.physique, self.mediastinum, next(rngs))
        self.wall = ChestWall(self.physique, self.lungs, next(rngs))
        self.spine = Spine(self.physique, self.lungs, next(rngs))
        self.abdomen = Abdomen(self.physique, self.lungs, next(rngs))
        self.vessels, self.bronchi = grow_lung_trees(self.lungs, self.mediastinum, next(rngs))
        self.mottle = WaveField(next(rngs), 40)

    def paint(self, canvas: Canvas, table: bool) -> tuple[NDArray, NDArray, NDArray]:
        """Paint one layer; return lungs, fissures and central airways as parts (0..1) of the pixels."""
        x, y, z = canvas.x, canvas.y, np.float32(canvas.z)
        if table:
            paint_table(canvas, self.physique.back + 14 + self.physique.muscle + self.physique.fat + 8)
        self.wall.paint(canvas)
        self._paint_mediastinum(canvas)
        self.spine.paint(canvas)
        self.abdomen.paint(canvas)
        distance = self.lungs.distance(x, y, z)
        lung = coverage(distance, canvas.width)
        p = self.physique
        tissue = p.density + p.gravity * (y - 10) + 6 * self.mottle.on_slice(x, y, canvas.z)
        canvas.blend(lung, tissue)
        fissures = lung * self._fissures(canvas)
        central = np.zeros_like(canvas.hu)
        for tube in self.mediastinum.trachea:
            window = canvas.around(tube, 2)
            if window is not None:
                part = coverage(tube.distance(*canvas.coordinates(window), z), canvas.width)
                central[window] = np.maximum(central[window], part)
        return lung, fissures, central

    def _paint_mediastinum(self, canvas: Canvas) -> None:
        x, y, z = canvas.x, canvas.y, np.float32(canvas.z)
        if canvas.z < 60:
            canvas.fill(self.mediastinum.heart_distance(x, y, z), HEART)
        for tube in self.mediastinum.oesophagus:
            canvas.fill_shape(tube, 35)
        for tube in self.mediastinum.vessels:
            canvas.fill_shape(tube, BLOOD)
        for tube in self.mediastinum.trachea:
            canvas.fill_shape(tube, WALL, 1.5)

    def _fissures(self, canvas: Canvas) -> NDArray:
        x, y, z = canvas.x, canvas.y, np.float32(canvas.z)
        ripple = self.lungs.ripple.on_slice(x, y, canvas.z)
        oblique = self.lungs.oblique_distance(x, y, z, ripple)
        horizontal = self.lungs.horizontal_distance(x, y, z, ripple)
        horizontal = np.where((x < 0) & (oblique > 0), horizontal, np.float32(99))
        sheet = np.minimum(np.abs(oblique), np.abs(horizontal)) - 0.25
        return 0.5 * coverage(sheet, canvas.width)


def make_thorax(parameters: ThoraxParameters, progress: Progress = silent) -> Thorax:
    """Return the healthy thorax of a seed, scaled down where the field of view is too small for it.

    Same parameters, same thorax, bit for bit.
    """
    size, spacing = np.array(parameters.size), np.array(parameters.spacing, float)
    body = Body(parameters.seed)
    p = body.physique
    extent = size * spacing
    width = 2 * (p.half_width + 14 + p.muscle + p.fat) + 6
    depth = p.front + p.back + 2 * (14 + p.muscle + p.fat) + 30
    scale = min(1.0, extent[0] / width, extent[1] / depth)
    step = spacing / scale
    thickness = min(step[2], (parameters.thickness or spacing[2]) / scale)
    layers = int(np.ceil(thickness / LAYER - 1e-9))
    middle = np.array([0.0, 14.0, (p.apex + p.floor - 8) / 2])
    first = middle - (size - 1) / 2 * step
    x = (first[0] + step[0] * np.arange(size[0])).astype(np.float32)[None]
    y = (first[1] + step[1] * np.arange(size[1])).astype(np.float32)[:, None]
    shape = tuple(int(n) for n in size[::-1])
    hu, vessels, fissures = (np.empty(shape, np.float32) for _ in range(3))
    lungs, airways = np.empty(shape, np.uint8), np.empty(shape, bool)
    walls = body.bronchi.grown(0.35 + 0.12 * body.bronchi.start_radius)
    slab = max(1, SLAB_VOXELS // (int(size[0] * size[1]) * layers)) if thickness == step[2] else 1  # layers touch
    fine = np.array([step[0], step[1], thickness / layers])
    for low in range(0, shape[0], slab):
        progress(low / shape[0], "Painting the thorax")
        high = min(low + slab, shape[0])
        heights = first[2] + low * step[2] - 0.5 * thickness + (np.arange((high - low) * layers) + 0.5) * fine[2]
        corner = np.array([first[0], first[1], heights[0]])
        block = (len(heights), *shape[1:])

        def filled(tubes):
            return fill_tubes(
                tubes.start, tubes.stop, tubes.start_radius, tubes.stop_radius, corner, fine, block
            )

        blood, wall, lumen = filled(body.vessels), filled(walls), filled(body.bronchi)
        painted = [np.empty(block, np.float32) for _ in range(3)]
        for k, z in enumerate(heights):
            canvas = Canvas(np.full(shape[1:], AIR, np.float32), x, y, float(z), float(step[:2].max()))
            lung, fissure, central = body.paint(canvas, parameters.table)
            inside = np.maximum(lung, coverage(np.abs(x) - 60, canvas.width))
            canvas.blend(fissure, 0.0)
            wall[k] *= lung
            lumen[k] *= np.maximum(lung, central)
            blood[k] *= lung
            canvas.blend(blood[k], BLOOD)
            canvas.blend(wall[k], WALL)
            lumen[k] = np.maximum(lumen[k], central)
            canvas.blend(lumen[k], AIR)
            for store, value in zip(painted, (canvas.hu, lung, fissure), strict=True):
                store[k] = value

        def averaged(fine_layers):
            return fine_layers.reshape(high - low, layers, *shape[1:]).mean(axis=1)

        hu[low:high] = averaged(painted[0])
        part = averaged(painted[1])
        fissures[low:high] = averaged(painted[2])
        vessels[low:high] = averaged(blood)
        airways[low:high] = averaged(lumen) >= 0.5
        lungs[low:high] = np.where(part >= 0.5, np.where(x < 0, 1, 2), 0)
    origin = (first - middle) * scale
    return Thorax(hu, lungs, airways, vessels, fissures, parameters.spacing, tuple(float(v) for v in origin))
