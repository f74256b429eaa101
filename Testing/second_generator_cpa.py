"""Signs of aspergillosis, and what resembles them, on the second generator's thorax; nothing is tuned on it.

Other mechanisms than `LungCAD.phantom`: a cavity is a hole that several balls dug together, its wall a shell
of its distance map; a fungus ball is a heap of grains; thick pleura is what a fractal height leaves of the
lung's rim. Arrays are (z, y, x); lengths are in millimetres, densities in HU.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

_PATH = Path(__file__).with_name("second_generator.py")
_SPECIFICATION = importlib.util.spec_from_file_location("second_generator", _PATH)
base = importlib.util.module_from_spec(_SPECIFICATION)
sys.modules.setdefault("second_generator", base)
_SPECIFICATION.loader.exec_module(base)

CAVITY, BALL, PLEURA = 0, 1, 2
OFTEN = (
    (0.44, 0.33, 0.52),
    (0.05, 0.04, 0.03),
    (0.05, 0.03, 0.01),
    (0.62, 0.43, 0.61),
    (0.12, 0.05, 0.04),
    (0.02, 0.01, 0.03),
)
"""How often each region shows a cavity, a ball (in a cavity only) and thick pleura; SAPSAM, Table 1."""

CONTROLS = 0.22
RIB_MM = (2.5, 9.0)
"""From the lungs to both faces of the ribs; those of the plain generator are up to 20 mm away."""

BESIDE_RIBS_MM = 14.0

LUNG_X = 66
"""Distance of a lung's middle from that of the body, about."""

WHOLE_ENOUGH = 0.25
"""A region shows a sign where at least this part of a lesion lies in it."""


@dataclass(frozen=True)
class Study:
    """ct (int16 HU), labels (uint8, cpa3), lungs (1 right, 2 left), signs (6, 3) bool by region and sign."""

    ct: sitk.Image
    labels: sitk.Image
    lungs: sitk.Image
    signs: np.ndarray


def make_study(
    seed: int,
    size: tuple[int, int, int] = (192, 192, 108),
    spacing: tuple[float, float, float] = (1.8, 1.8, 2.3),
) -> Study:
    """Make one study; `size` and `spacing` (mm) in the order x, y, z. The same seed makes the same study."""
    rng = np.random.default_rng([seed, 5])
    shape = size[::-1]
    grid = base._millimetres(shape, spacing)
    body, lungs = base._thorax(grid, shape, spacing, rng)
    ribs = _ribs(grid, lungs, spacing)
    body[body == base.RIB_HU], body[ribs] = base.FLESH_HU, base.RIB_HU
    hu = np.where(lungs > 0, base._healthy(grid, shape, spacing, rng), body)
    vessels = base._vessels(grid, lungs, spacing, rng)
    hu = np.where(lungs > 0, hu + vessels * (30 - hu), hu)
    painter = _Painter(grid, lungs, ribs, spacing, hu, rng)
    if rng.random() >= CONTROLS:
        painter.paint_signs()
    painter.paint_distractors()
    ct = np.clip(base._scan(painter.hu, rng), -1024, 3000).round().astype(np.int16)
    images = (base._image(array, spacing) for array in (ct, painter.labels, lungs))
    return Study(*images, painter.signs)


def _ribs(grid, lungs, spacing):
    """Return slanted bands around both lungs, but for the mediastinum and below the diaphragm."""
    z, y, x = grid
    above = np.minimum(*(base._diaphragm(grid, side * LUNG_X) for side in (-1, 1))) > 1
    away = ndimage.distance_transform_edt(lungs == 0, sampling=spacing[::-1])
    outer = base._superellipsoid((0 * z, y, x), (0, 0, 0), (1, 64, 87), 2.4) > 1
    bands = np.sin((z + 0.5 * y) / 4.5) > 0.2
    return (away > RIB_MM[0]) & (away < RIB_MM[1]) & outer & bands & above


class _Painter:
    def __init__(self, grid, lungs, ribs, spacing, hu, rng):
        self.grid, self.lungs, self.hu, self.rng = grid, lungs, hu, rng
        self.mm = spacing[::-1]
        self.labels = np.zeros(lungs.shape, np.uint8)
        self.signs = np.zeros((6, 3), bool)
        self.taken = np.zeros(lungs.shape, bool)
        self.depth = ndimage.distance_transform_edt(lungs > 0, sampling=self.mm)
        to_ribs = ndimage.distance_transform_edt(~ribs, sampling=self.mm)
        self.costal = (self.depth > 0) & (to_ribs - self.depth < BESIDE_RIBS_MM)
        z = np.arange(lungs.shape[0])[:, None, None] * 3 // lungs.shape[0]
        x = np.arange(lungs.shape[2])[None, None] * 2 // lungs.shape[2]
        self.region = np.broadcast_to(x * 3 + 2 - z, lungs.shape)
        self.rough = base._fractal(lungs.shape, self.mm, 2.2, rng)

    def paint_signs(self):
        while not self.signs.any():
            for region, often in enumerate(OFTEN):
                if self.rng.random() < often[CAVITY]:
                    self._cavity(region, self.rng.random() < min(often[BALL] / often[CAVITY], 0.75))
                if self.rng.random() < often[PLEURA]:
                    self._pleura(region)

    def paint_distractors(self):
        for region in range(6):
            if self.rng.random() < (0.25 if self.signs[region].any() else 0.5):
                kinds = (self._bulla, self._nodule, self._consolidation, self._effusion, self._atelectasis)
                kinds[self.rng.integers(5)](region)

    def _place(self, region, depth):
        where = (self.region == region) & (self.lungs > 0) & ~self.taken
        good = where & (self.depth >= min(depth, 0.8 * self.depth[where].max(initial=0)))
        voxels = np.flatnonzero(good)
        if not len(voxels):
            return None
        index = np.unravel_index(self.rng.choice(voxels), self.lungs.shape)
        return [float(axis.ravel()[i]) for axis, i in zip(self.grid, index, strict=True)]

    def _distance(self, place):
        return np.sqrt(sum((axis - at) ** 2 for axis, at in zip(self.grid, place, strict=True)))

    def _mark(self, sign, inside):
        self.labels[inside] = sign + 1
        count = np.bincount(self.region[inside], minlength=6)
        self.signs[:, sign] |= (count > 0) & (count >= WHOLE_ENOUGH * count.sum())

    def _fill(self, inside, value, spread=15.0):
        self.hu[inside] = value + spread * self.rng.standard_normal(int(inside.sum()))
        self.taken |= inside

    def _cavity(self, region, ball):
        place = self._place(region, 12)
        if place is None:
            return
        radius = self.rng.uniform(8, 19)
        hole = np.zeros(self.lungs.shape, bool)
        for _ in range(4):
            nearby = [at + d for at, d in zip(place, self.rng.normal(0, 0.25 * radius, 3), strict=True)]
            hole |= self._distance(nearby) < radius * self.rng.uniform(0.7, 0.95)
        hole &= self.lungs > 0
        wall = self.rng.uniform(2.5, 6.0) * (1 + 0.2 * self.rough)
        whole = (ndimage.distance_transform_edt(~hole, sampling=self.mm) < wall) & (self.lungs > 0)
        whole &= ~self.taken
        self._fill(whole & ~hole, self.rng.uniform(-20, 40))
        self._fill(whole & hole, -990)
        if ball:
            grains = np.zeros(self.lungs.shape, bool)
            floor = [place[0], place[1] + 0.3 * radius, place[2]]
            for _ in range(14):
                at = [m + d for m, d in zip(floor, self.rng.normal(0, 0.22 * radius, 3), strict=True)]
                grains |= self._distance(at) < radius * self.rng.uniform(0.2, 0.35)
            grains &= whole & hole
            self._fill(grains, self.rng.uniform(-40, 30), 30)
            if grains.any():
                self._mark(BALL, grains)
        self._mark(CAVITY, whole & (self.labels != BALL + 1))

    def _pleura(self, region):
        place = self._place(region, 0)
        rim = np.flatnonzero((self.region == region) & self.costal & (self.depth < 4) & ~self.taken)
        if place is None or not len(rim):
            return
        index = np.unravel_index(self.rng.choice(rim), self.lungs.shape)
        place = [float(axis.ravel()[i]) for axis, i in zip(self.grid, index, strict=True)]
        height = self.rng.uniform(4, 11) * np.clip(
            1.15 - self._distance(place) / self.rng.uniform(25, 55), 0, 1
        )
        rind = self.costal & (self.depth < height * (1 + 0.35 * self.rough)) & ~self.taken
        if rind.any():
            self._fill(rind, self.rng.uniform(10, 50))
            self._mark(PLEURA, rind)

    def _bulla(self, region):
        place = self._place(region, 6)
        if place is not None:
            half = self.rng.uniform(8, 22, 3)
            inside = base._superellipsoid(self.grid, place, half, self.rng.uniform(2, 3.5)) < 1
            self._fill(inside & (self.lungs > 0) & ~self.taken, -985)

    def _nodule(self, region):
        place = self._place(region, 8)
        if place is not None:
            inside = self._distance(place) < self.rng.uniform(4, 14) * (1 + 0.25 * self.rough)
            self._fill(inside & (self.lungs > 0) & ~self.taken, self.rng.uniform(-10, 50))

    def _consolidation(self, region):
        place = self._place(region, 8)
        if place is not None:
            inside = self._distance(place) < self.rng.uniform(14, 28) * (1 + 0.5 * self.rough)
            self._fill(inside & (self.lungs > 0) & ~self.taken, self.rng.uniform(-80, 30), 60)

    def _effusion(self, region):
        where = (self.region == region) & (self.lungs > 0)
        if where.any():
            y = np.broadcast_to(self.grid[1], where.shape)
            self._fill(
                where & (y > y[where].max() - self.rng.uniform(5, 20)) & ~self.taken, self.rng.uniform(0, 18)
            )

    def _atelectasis(self, region):
        place = self._place(region, 3)
        if place is not None:
            tilt = base._unit(self.rng.normal((1, 0, 0), 0.4))
            height = sum(n * (axis - at) for n, axis, at in zip(tilt, self.grid, place, strict=True))
            inside = (np.abs(height) < self.rng.uniform(2, 5)) & (
                self._distance(place) < self.rng.uniform(20, 45)
            )
            self._fill(inside & (self.lungs > 0) & ~self.taken, self.rng.uniform(-150, 0), 50)
