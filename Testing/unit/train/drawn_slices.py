"""Slices with three tissues in bands, and the parameters of a network that learns them in seconds."""

import numpy as np

from LungCAD.tasks.ild_input import IldInput
from LungCAD.train.ild.loss import OUTSIDE, UNLABELLED
from LungCAD.train.ild.parameters import IldTrainingParameters
from LungCAD.train.ild.slices import LungSlice, SliceSet

CLASSES = ("healthy", "ground_glass", "consolidation")
LEVELS_HU = (-870.0, -600.0, 0.0)
SIDE = 32

TINY = IldTrainingParameters(
    variant="16 kernels/layer",
    learning_rate=3e-3,
    epochs=4,
    folds=2,
    validation=0.34,
    dropout=0.1,
    device="cpu",
)


def drawing(seed: int, patient: str) -> LungSlice:
    """A lung in a wall: bands of all classes, a third of it unlabelled."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE]
    lung = (y - SIDE / 2) ** 2 + (x - SIDE / 2) ** 2 < (SIDE / 2 - 4) ** 2
    bands = (x // 7 + rng.integers(3)) % 3
    hu = np.where(lung, np.array(LEVELS_HU)[bands], 40.0) + rng.normal(0, 20, lung.shape)
    targets = np.where(lung, np.where(y < 22, bands, UNLABELLED), OUTSIDE)
    return LungSlice(hu.astype(np.int16), targets.astype(np.int8), patient)


def drawings(patients: int = 6, slices: int = 2) -> SliceSet:
    """So many patients with so many slices each."""
    made = tuple(drawing(10 * p + s, f"patient-{p}") for p in range(patients) for s in range(slices))
    return SliceSet(made, CLASSES, IldInput(), "drawings", "none", synthetic=True)
