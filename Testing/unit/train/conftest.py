"""Patches that a small network can learn in seconds."""

from __future__ import annotations

import numpy as np
import pytest

from LungCAD.train.patches.patch_set import PatchSet


@pytest.fixture(scope="session")
def stripes():
    """Stripes along or across, and plain, of eight patients: density tells nothing, orientation little."""
    rng = np.random.default_rng(0)
    wave = 90 * np.sin(np.arange(12) * 2)
    patterns = {
        "healthy": np.zeros((12, 12)),
        "emphysema": wave[:, None] + 0 * wave,
        "fibrosis": np.add.outer(wave, wave),
    }
    hu, codes, patients = [], [], []
    for patient in range(8):
        for code, pattern in patterns.items():
            for _ in range(6):
                turned = np.rot90(pattern, rng.integers(4))
                hu.append(-800 + turned + rng.normal(0, 15, (12, 12)))
                codes.append(code)
                patients.append(f"patient {patient}")
    return PatchSet.of(hu, codes, patients, ("healthy", "emphysema", "fibrosis"), "stripes")
