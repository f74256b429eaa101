"""Patches and scans that a small network can learn in seconds."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from LungCAD.train.patches.patch_set import PatchSet
from Testing.unit.train.cpa_cases import made_case


@pytest.fixture(autouse=True)
def one_thread():
    """Networks as small as these lose time on a second one."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def stripes():
    """Stripes, checks and plain tissue of eight patients, all of the same mean density."""
    rng = np.random.default_rng(0)
    wave = 200 * np.sin(np.arange(12) * 2)
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


@pytest.fixture
def cases():
    """Two dozen scans of eight patients for networks on projections, half of them with signs."""
    rng = np.random.default_rng(0)
    made = []
    for number in range(24):
        disease = number % 2
        signs = disease * (rng.random((6, 3)) < 0.6)
        made.append(made_case(number, f"patient{number // 2 % 8}", signs, disease, number // 2 % 2))
    return made
