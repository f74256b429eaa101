"""A chest of simple solids with known lungs, independent of LungCAD.phantom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import SimpleITK as sitk

AIR, LUNG, SOFT, BONE, FOAM = -1000.0, -850.0, 40.0, 500.0, -900.0


@dataclass(frozen=True)
class Chest:
    """`ct` in HU, `truth` with 1 right and 2 left lung; masks (z, y, x) of airway lumen and bad disease."""

    ct: sitk.Image
    truth: np.ndarray
    lumen: np.ndarray
    disease: np.ndarray


class ChestBuilder:
    """Solids in LPS millimetres: x to the left, y backwards, z upwards; the carina is at the origin."""

    def __init__(self, spacing=(2.5, 2.5, 4.0), heights=(-175.0, 130.0)):
        self.spacing = spacing
        x = np.arange(-200, 200, spacing[0])
        y = np.arange(-150, 170, spacing[1])
        z = np.arange(heights[0], heights[1], spacing[2])
        self.origin = (float(x[0]), float(y[0]), float(z[0]))
        self.z, self.y, self.x = np.meshgrid(z, y, x, indexing="ij", sparse=True)

    def ball(self, centre, radii, power=2.0):
        sides = (
            np.abs((axis - middle) / radius) ** power
            for axis, middle, radius in zip(
                (self.x, self.y, self.z), centre, np.broadcast_to(radii, 3), strict=True
            )
        )
        return sum(sides) <= 1

    def tube(self, start, end, radius):
        start, end = np.asarray(start, float), np.asarray(end, float)
        way = end - start
        along = sum(
            (axis - s) * w for axis, s, w in zip((self.x, self.y, self.z), start, way, strict=True)
        ) / (way @ way)
        along = np.clip(along, 0, 1)
        squares = sum(
            (axis - s - along * w) ** 2
            for axis, s, w in zip((self.x, self.y, self.z), start, way, strict=True)
        )
        return squares <= radius**2

    def build(
        self,
        *,
        gap=24.0,
        lung_hu=LUNG,
        right=True,
        left=True,
        dense=(),
        dense_hu=20.0,
        noise=25.0,
        seed=0,
        stomach=True,
        trachea_shift=0.0,
    ):
        """`gap`: mm between the lungs in front; `dense`: (centre, radius) of consolidations in the lungs."""
        everywhere = np.zeros(np.broadcast_shapes(self.z.shape, self.y.shape, self.x.shape), bool)
        body = (np.abs(self.x / 175) ** 2.5 + np.abs(self.y / 120) ** 2.5 <= 1) | everywhere
        heart = self.ball((20, -40, -90), (60, 50, 60))
        spine = self.tube((0, 70, -300), (0, 70, 300), 24)
        vessels = self.tube((25, 35, -300), (25, 35, 20), 13)
        lumen = self.tube((trachea_shift, 5, 0), (trachea_shift, 5, 300), 9)
        walls = self.tube((trachea_shift, 5, 0), (trachea_shift, 5, 300), 11)
        for side in (-1, 1):
            lumen = lumen | self.tube((trachea_shift, 5, 0), (side * 38, 12, -28), 6)
            walls = walls | self.tube((trachea_shift, 5, 0), (side * 38, 12, -28), 7.5)
        truth = np.zeros(everywhere.shape, np.uint8)
        for value, side, present in ((1, -1, right), (2, 1, left)):
            whole = self.ball((side * 78, 0, -60), (78 - gap / 2, 98, 170), 2.6) & (side * self.x > gap / 2)
            dome = self.ball((side * 75, -5, -180), (62, 80, 85))
            if present:
                truth[(whole & ~dome & ~heart & ~spine & ~vessels & ~walls)] = value
        hu = np.where(body, SOFT, AIR)
        shell = np.abs(self.y - (135 + (self.x / 60) ** 2)) < 12
        hu[np.broadcast_to(shell, hu.shape)] = FOAM
        hu[np.broadcast_to(np.abs(self.y - (123 + (self.x / 60) ** 2)) < 2, hu.shape)] = 150
        hu[np.broadcast_to(spine, hu.shape)] = BONE
        branches = np.random.default_rng(seed)
        inside = truth > 0
        hu[inside] = lung_hu
        for _ in range(40):
            side = branches.choice([-1, 1])
            end = (side * branches.uniform(50, 130), branches.uniform(-70, 70), branches.uniform(-140, 80))
            hu[self.tube((side * 35, 15, -30), end, branches.uniform(1.5, 3.5)) & inside] = SOFT
        disease = np.zeros_like(inside)
        for centre, radius in dense:
            disease |= self.ball(centre, radius) & inside
        hu[disease] = dense_hu
        hu[np.broadcast_to(walls, hu.shape)] = SOFT
        hu[np.broadcast_to(lumen, hu.shape)] = AIR
        if stomach:
            hu[self.ball((75, -20, -150), (35, 30, 22))] = AIR
        rng = np.random.default_rng(seed)
        hu = hu + noise * rng.standard_normal(hu.shape)
        ct = sitk.GetImageFromArray(np.clip(np.rint(hu), -1024, 3071).astype(np.int16))
        ct.SetSpacing(self.spacing)
        ct.SetOrigin(self.origin)
        return Chest(ct, truth, lumen & (hu < -800), disease)


@pytest.fixture(scope="session")
def builder():
    return ChestBuilder


@pytest.fixture(scope="session")
def healthy(builder):
    return builder().build()
