"""A LungNet, set by hand, that tells classes by the density of the single pixel; and a scan to try it on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from LungCAD.tasks.ild_input import IldInput
from LungCAD.weights import ModelCard, NetworkDescription, save_network

DENSITY_HU = {"healthy": -880, "ground_glass": -620, "consolidation": 0}
"""What the network tells apart; it gives none of the other classes."""

HEALTHY, GROUND_GLASS, CONSOLIDATION = 1, 2, 4
"""Values of `lungnet6`."""

CODES = ("healthy", "ground_glass", "micronodules", "consolidation", "reticulation", "honeycombing")
SHARPNESS = 60.0


def save_density_network(path: Path, overwrite: bool = False, **changes: object) -> Path:
    """Write the network as a weights file; `changes` are those of its description."""
    import torch

    from LungCAD.networks import LungNet

    options = {"kernels": 1, "dilations": [1], "normalization": "none"}
    network = LungNet(len(CODES), **options)
    prepared = IldInput(pixel_mm=(0.5, 1.2), thickness_mm=(0.5, 2.5))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        for block in network.dense[1:]:
            layer = block if isinstance(block, torch.nn.Conv2d) else block[0]
            layer.weight[0, 0] = 1
        logits = network.dense[-1]
        logits.weight.zero_()
        logits.bias.fill_(-1e3)
        for code, hu in DENSITY_HU.items():
            level = float(prepared.image(np.array(hu)))
            logits.weight[CODES.index(code), 0] = 2 * SHARPNESS * level
            logits.bias[CODES.index(code)] = -SHARPNESS * level**2
    known = {
        "architecture": "lungnet",
        "schema": "lungnet6",
        "classes": CODES,
        "card": ModelCard("densities", "none", "none", True, "by hand", 0, "none"),
        "options": options,
        "input": prepared.as_plain(),
    }
    save_network(network, NetworkDescription(**{**known, **changes}), path, overwrite)
    return path


class DenseLungs:
    """Two elliptic lungs in a body; ground glass below on the right, consolidation below on the left."""

    def __init__(self, slices: int = 4, noise: float = 20.0, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        z, y, x = np.ogrid[:slices, :72, :96]
        right = ((x - 26) / 18) ** 2 + ((y - 36) / 28) ** 2 + 0 * z < 1
        left = ((x - 70) / 18) ** 2 + ((y - 36) / 28) ** 2 + 0 * z < 1
        below = np.broadcast_to(y > 36, right.shape)
        self.lungs = np.where(right, 1, np.where(left, 2, 0)).astype(np.uint8)
        self.truth = np.where(self.lungs > 0, HEALTHY, 0).astype(np.uint8)
        self.truth[right & below] = GROUND_GLASS
        self.truth[left & below] = CONSOLIDATION
        level = np.array([40, -880, -620, 0, 0])
        self.hu = (level[self.truth] + rng.normal(0, noise, right.shape)).clip(-1024).astype(np.int16)

    def image(
        self,
        array: np.ndarray,
        spacing: tuple[float, float, float] = (0.8, 0.8, 1.5),
        direction: tuple[float, ...] = (1, 0, 0, 0, 1, 0, 0, 0, 1),
    ) -> sitk.Image:
        """Return an array (z, y, x) as an image."""
        image = sitk.GetImageFromArray(array)
        image.SetSpacing(spacing)
        image.SetDirection(direction)
        image.SetOrigin((-12.5, 3.0, 100.0))
        return image
