"""A healthy synthetic thorax: noiseless HU with its lungs, airways, vessels and fissures.

The anatomy is defined in millimetres and a grid only samples it. Thick slices are averaged over thin layers,
as a scanner averages over the thickness of a slice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.phantom.body import AIR, BLOOD, WALL, Body
from LungCAD.phantom.canvas import Canvas
from LungCAD.phantom.tubes import Tubes, fill_tubes
from LungCAD.progress import Progress, silent

THICKEST = 2.0  # mm of a layer
SLAB = 4_000_000  # voxels painted at a time


@dataclass(frozen=True)
class ThoraxParameters:
    """What thorax to make and how to sample it.

    Parameters
    ----------
    size : voxels along x, y, z.
    spacing : of the voxels along x, y, z, in mm.
    seed : of the patient; another seed is another patient.
    thickness : of a slice in mm; less than the spacing along z leaves gaps, as sequential HRCT does. None for
        slices that touch.
    table : paint the scanner's table under the patient.

    Raises
    ------
    InputError : `size`, `spacing` or `thickness` describes no grid.
    """

    size: tuple[int, int, int] = (320, 320, 40)
    spacing: tuple[float, float, float] = (1.0, 1.0, 7.0)
    seed: int = 0
    thickness: float | None = None
    table: bool = True

    def __post_init__(self) -> None:
        if len(self.size) != 3 or any(n < 1 or n != int(n) for n in self.size):
            raise InputError("size", f"{self.size} is no grid", "Give three positive numbers of voxels")
        if len(self.spacing) != 3 or not all(0 < length < np.inf for length in self.spacing):
            raise InputError(
                "spacing", f"{self.spacing} is no voxel size", "Give three positive lengths in mm"
            )
        if self.thickness is not None and not 0 < self.thickness <= self.spacing[2]:
            problem = f"{self.thickness} mm does not fit slices {self.spacing[2]} mm apart"
            raise InputError("thickness", problem, "Give at most the spacing along z, or none")


@dataclass(frozen=True)
class Thorax:
    """A healthy thorax on a grid; arrays are (z, y, x), LPS: x to the left, y to the back, z to the head.

    hu : float32, without noise and blur of a scanner.
    lungs : uint8, 1 the patient's right, 2 the left lung, vessels included, without trachea and main bronchi.
    airways : bool, the lumen of trachea and bronchi.
    vessels, fissures : float32 0..1, the part of a voxel that lung vessels or fissures fill.
    spacing, origin : x, y, z in mm.
    """

    hu: NDArray[np.float32]
    lungs: NDArray[np.uint8]
    airways: NDArray[np.bool_]
    vessels: NDArray[np.float32]
    fissures: NDArray[np.float32]
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]


def make_thorax(parameters: ThoraxParameters, progress: Progress = silent) -> Thorax:
    """Return the healthy thorax of a seed, centred in the field of view.

    It has its natural size where that fits and is scaled down where the field of view is narrower; a short
    scan shows the middle of the lungs. Same parameters, same thorax, bit for bit.
    """
    body = Body(parameters.seed)
    size, spacing = np.array(parameters.size), np.array(parameters.spacing, float)
    scale = float(min(1.0, *(size * spacing / body.extent)[:2]))
    step = spacing / scale
    first = np.array(body.centre) - (size - 1) / 2 * step
    thickness = (parameters.thickness or parameters.spacing[2]) / scale
    layers = int(np.ceil(thickness / THICKEST - 1e-9))
    fine = np.array([step[0], step[1], thickness / layers])
    shape = tuple(int(n) for n in size[::-1])
    hu, vessels, fissures = (np.empty(shape, np.float32) for _ in range(3))
    lungs, airways = np.empty(shape, np.uint8), np.empty(shape, bool)
    sides = np.where(first[0] + step[0] * np.arange(shape[2]) < 0, 1, 2)
    slab = max(1, SLAB // (shape[1] * shape[2] * layers)) if thickness == step[2] else 1  # slices that touch
    for low in range(0, shape[0], slab):
        progress(low / shape[0], "Painting the thorax")
        part = slice(low, min(low + slab, shape[0]))
        corner = np.array([first[0], first[1], first[2] + low * step[2] - thickness / 2 + fine[2] / 2])
        block = ((part.stop - low) * layers, *shape[1:])
        painted = _paint_block(body, corner, fine, block, parameters.table)
        hu[part], lung, lumen, vessels[part], fissures[part] = (
            tissue.reshape(-1, layers, *shape[1:]).mean(axis=1) for tissue in painted
        )
        lungs[part], airways[part] = (lung >= 0.5) * sides, lumen >= 0.5
    progress(1.0, "Painting the thorax")
    origin = tuple(float(v) for v in (first - body.centre) * scale)
    return Thorax(hu, lungs, airways, vessels, fissures, parameters.spacing, origin)


def _paint_block(
    body: Body, first: NDArray, step: NDArray, shape: tuple[int, int, int], table: bool
) -> tuple[NDArray, ...]:
    """Return hu, lung, airway lumen, vessels and fissures of a block of layers, float32 (z, y, x)."""

    def filled(tubes: Tubes) -> NDArray:
        return fill_tubes(tubes, first, step, shape)

    vessels, walls, lumen = filled(body.vessels), filled(body.bronchi_with_walls), filled(body.bronchi)
    hu = np.full(shape, AIR, np.float32)
    lung, fissures = np.empty(shape, np.float32), np.empty(shape, np.float32)
    x = (first[0] + step[0] * np.arange(shape[2])).astype(np.float32)[None]
    y = (first[1] + step[1] * np.arange(shape[1])).astype(np.float32)[:, None]
    below = body.lungs.distance(x, y, np.float32(first[2] - step[2]))
    for k in range(shape[0]):
        canvas = Canvas(hu[k], x, y, float(first[2] + k * step[2]), float(step[:2].max()), float(step[2]))
        layer = body.paint(canvas, below, table)
        below = layer.distance
        lung[k], fissures[k] = layer.lung, layer.fissure
        for tree in (vessels, walls, lumen):
            tree[k] *= layer.lung
        canvas.blend(vessels[k], BLOOD)
        canvas.blend(walls[k], WALL)
        lumen[k] = np.maximum(lumen[k], layer.central)
        canvas.blend(lumen[k], AIR)
    return hu, lung, lumen, vessels, fissures
