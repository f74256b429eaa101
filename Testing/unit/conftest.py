"""A small scan with known truth that many tests share."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.tasks.label_propagation import LabelPropagationInputs

HEALTHY, EMPHYSEMA, GROUND_GLASS = 1, 2, 3
AXIAL = ((1, 0, 0, 0, 1, 0, 0, 0, 1), (0.9, 0.9, 5.0))


class Scan:
    """Two lungs; healthy above, ground glass below on the right, emphysema below on the left."""

    def __init__(self, slices=3, direction=AXIAL[0], spacing=AXIAL[1], seed=0):
        rng = np.random.default_rng(seed)
        z, y, x = np.ogrid[:slices, :72, :96]
        right = ((x - 26) / 18) ** 2 + ((y - 36) / 28) ** 2 + 0 * z < 1
        left = ((x - 70) / 18) ** 2 + ((y - 36) / 28) ** 2 + 0 * z < 1
        sides = (1, 2) if direction[0] >= 0 else (2, 1)  # the patient's right is where x is smaller
        self.lungs = np.where(right, sides[0], np.where(left, sides[1], 0)).astype(np.uint8)
        below = np.broadcast_to(y > 36, right.shape)
        self.truth = np.where(self.lungs > 0, HEALTHY, 0).astype(np.uint8)
        self.truth[right & below] = GROUND_GLASS
        self.truth[left & below] = EMPHYSEMA
        level = np.array([40.0, -850.0, -960.0, -600.0])[self.truth]
        self.hu = (level + rng.normal(0, 40, level.shape)).clip(-1024).astype(np.int16)
        self.geometry = (direction, spacing)

    def image(self, array):
        image = sitk.GetImageFromArray(array)
        image.SetDirection(self.geometry[0])
        image.SetSpacing(self.geometry[1])
        image.SetOrigin((-12.5, 3.0, 100.0))
        return image

    def rois(self, *boxes):
        rois = np.zeros_like(self.truth)
        for z, y, x in boxes:
            box = (z, slice(y, y + 9), slice(x, x + 9))
            rois[box] = self.truth[box]
        return rois

    def inputs(self, rois, **more):
        images = {"ct": self.hu, "rois": rois, "lungs": self.lungs, **more}
        return LabelPropagationInputs(**{name: self.image(array) for name, array in images.items()})


@pytest.fixture(scope="session")
def small_scan():
    """The class of small scans: two lungs, three tissues."""
    return Scan


@pytest.fixture
def without_shipped_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    """No shipped network joins those that a test makes."""
    monkeypatch.setattr("LungCAD.tasks.cpa.networks.shipped_files", lambda prefix: [])
