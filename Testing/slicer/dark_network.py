"""A network that takes what is dark for lung, and films on which it is right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from LungCAD.weights import BACKGROUND, ModelCard, NetworkDescription, save_network

SIDE = 64


def save_dark_network(path: Path) -> Path:
    """Write the network as a weights file."""
    import torch

    from LungCAD.networks import UNet

    network = UNet(2, filters=1, depth=1)
    for parameter in network.parameters():
        torch.nn.init.zeros_(parameter)
    with torch.no_grad():
        network.encoders[0][0].weight[0, 0, 1, 1] = -1
        network.encoders[0][3].weight[0, 0, 1, 1] = 1
        network.decoders[0][0].weight[0, 0, 1, 1] = 1
        network.decoders[0][3].weight[0, 0, 1, 1] = 1
        network.classifier.weight[1, 0], network.classifier.bias[0] = 12, 6
    description = NetworkDescription(
        architecture="unet",
        schema="cxr_lungs",
        classes=(BACKGROUND, "lungs"),
        card=ModelCard("dark", "none", "none", True, "by hand", 0, "none"),
        options={"filters": 1, "depth": 1},
        input={"side": SIDE, "equalize": False},
    )
    save_network(network, description, path)
    return path


def chest(shape: tuple[int, int] = (100, 90), depth: int = 255) -> NDArray:
    """Return a grey film (Y, X), 0 to `depth`, with two dark ellipses on it."""
    rows, columns = np.mgrid[: shape[0], : shape[1]] / np.array(shape)[:, None, None]
    image = np.full(shape, 0.8)
    for middle in (0.3, 0.7):
        image[((rows - 0.5) / 0.33) ** 2 + ((columns - middle) / 0.14) ** 2 < 1] = 0.05
    return (image * depth).astype(np.uint16 if depth > 255 else np.uint8)
