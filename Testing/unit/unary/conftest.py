from __future__ import annotations

import pytest
import torch

from LungCAD.unary import TextureDescription
from LungCAD.weights import load_network
from LungCAD.weights.shipped import shipped


@pytest.fixture(scope="session")
def texture():
    network, description = load_network(shipped("texture"), architecture="texture")
    return TextureDescription(network.to(memory_format=torch.channels_last), len(description.classes))
