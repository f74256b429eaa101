"""A small network with its description."""

from __future__ import annotations

import pytest
import torch

from LungCAD.networks import PatchCNN
from LungCAD.weights import ModelCard, NetworkDescription

CARD = ModelCard(
    title="Test network",
    data="Nothing.",
    licence="CC0",
    synthetic=True,
    command="lungcad train patches",
    seed=3,
    results="None.",
)


@pytest.fixture
def described():
    torch.manual_seed(0)
    return PatchCNN(2, width=0.25).eval(), NetworkDescription(
        architecture="patch_cnn",
        options={"width": 0.25},
        schema="gao5",
        classes=("healthy", "fibrosis"),
        input={"patch_px": 32, "image_px": 32, "windows": [[-1400, 200]] * 3},
        card=CARD,
    )
