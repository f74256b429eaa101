"""An auxiliary loss, ours: every place of the last maps is asked what lies there.

A slice's label alone teaches texture slowly. Where label volumes are at hand, each of the 13 x 13 places of
the last convolution says by a linear classifier what share of its surroundings is healthy lung, each disease,
what only resembles a disease, or none of these. The classifier is thrown away when the training ends.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import log_softmax

from LungCAD.networks import CNNF

ELSEWHERE_WEIGHT, HEALTHY_WEIGHT, DISEASE_WEIGHT, MIMIC_WEIGHT = 0.2, 0.5, 2.0, 2.0
"""Most places are outside the lungs, and most lung is healthy."""


class LocalEvidence(nn.Module):
    """Reads the maps of a network while it works; nothing is computed twice."""

    def __init__(self, network: CNNF, diseases: int) -> None:
        super().__init__()
        self.classifier = nn.Conv2d(network.features.conv5.out_channels, 3 + diseases, kernel_size=1)
        nn.init.zeros_(self.classifier.weight)
        nn.init.zeros_(self.classifier.bias)
        weights = [ELSEWHERE_WEIGHT, HEALTHY_WEIGHT, *diseases * [DISEASE_WEIGHT], MIMIC_WEIGHT]
        self.register_buffer("weights", torch.tensor(weights)[:, None, None])
        self._maps: torch.Tensor | None = None
        network.features.relu5.register_forward_hook(self._keep)

    def loss(self, cells: torch.Tensor) -> torch.Tensor:
        """Return the cross entropy with the truth (N, 2 + C, 13, 13; 0..1) of what the network saw last."""
        elsewhere = (1 - cells.sum(1, keepdim=True)).clamp(min=0)
        truth = torch.cat([elsewhere, cells], dim=1) * self.weights
        logarithms = log_softmax(self.classifier(self._maps), dim=1)
        return -(truth * logarithms).sum(1).mean()

    def _keep(self, module: nn.Module, inputs: object, maps: torch.Tensor) -> None:
        self._maps = maps
