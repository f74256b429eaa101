"""Slices whose disease anybody sees, and the parameters of a network that learns them in a second."""

from __future__ import annotations

import numpy as np

from LungCAD.tasks.detection_input import DetectionInput
from LungCAD.train.detection.parameters import DetectionTrainingParameters
from LungCAD.train.detection.slices import DISEASES, SliceSet

SMALL = DetectionTrainingParameters(
    width=1 / 32, dense=8, folds=2, scored_folds=2, epochs=2, batch=6, device="cpu", threshold_px=6000.0
)


def blobs(count=24, patients=6, seed=0, cells=True):
    """Slices with a bright square where there is ground glass, in a cell that says so."""
    rng = np.random.default_rng(seed)
    images = rng.integers(90, 110, (count, 3, 224, 224), dtype=np.uint8)
    areas = np.zeros((count, 4), np.float32)
    shares = np.zeros((count, 6, 13, 13), np.uint8)
    shares[:, 0, 2:11, 2:11] = 255
    for number in range(0, count, 2):
        row, column = rng.integers(2, 9, 2)
        y, x = 9 + 16 * row, 9 + 16 * column
        images[number, :, y : y + 32, x : x + 32] = 220
        areas[number, number // 2 % 4] = rng.uniform(3000, 9000)
        shares[number, :, row : row + 2, column : column + 2] = 0
        shares[number, 1, row : row + 2, column : column + 2] = 255
    return SliceSet(
        images,
        areas,
        np.array([f"p{n % patients}" for n in range(count)]),
        DISEASES,
        DetectionInput(),
        "squares",
        "none",
        synthetic=True,
        cells=shares if cells else None,
    )
