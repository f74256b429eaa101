"""The training of a patch network as a Lightning module."""

from __future__ import annotations

import torch
from lightning.pytorch import LightningModule
from torch import nn
from torch.nn.functional import cross_entropy
from torchmetrics.classification import MulticlassConfusionMatrix

from LungCAD.train.epochs import epoch_seed
from LungCAD.train.patches.parameters import TEXTURE, PatchTrainingParameters
from LungCAD.unary.patch_input import PatchInput

Batch = tuple[torch.Tensor, torch.Tensor]
"""Patches (N, P, P) in HU and the index (N,) of their class."""

LEARNING_RATES = {"alexnet": 1e-4, "patch_cnn": 3e-3, TEXTURE: 1e-3}
"""Where training starts unless told otherwise."""


class PatchLearner(LightningModule):
    """Cross entropy, AdamW, a learning rate that falls as a cosine from epoch to epoch.

    What chance decides in an epoch depends on the seed and the epoch's number alone, so that a training that
    was broken off goes on as if it had not been.

    Parameters
    ----------
    network : logits (N, C) of images. patches : how images are made of HU.
    weights : (C,) of the classes in the loss, also the number of classes.
    """

    def __init__(
        self,
        network: nn.Module,
        patches: PatchInput,
        weights: torch.Tensor,
        parameters: PatchTrainingParameters,
    ) -> None:
        super().__init__()
        self.network = network
        self.confusion = MulticlassConfusionMatrix(len(weights))
        self.register_buffer("weights", weights, persistent=False)
        self._input, self._choices = patches, parameters

    def on_train_epoch_start(self) -> None:
        """Seed dropout and flips."""
        torch.manual_seed(epoch_seed(self._choices.seed, self.current_epoch))

    def training_step(self, batch: Batch, index: int) -> torch.Tensor:
        """Return the loss of a batch."""
        hu, labels = batch
        if self._choices.augment:
            hu = turned(hu)
        return cross_entropy(self.network(self._input.images(hu)), labels, weight=self.weights)

    def validation_step(self, batch: Batch, index: int) -> None:
        """Count what the network takes the patches for."""
        hu, labels = batch
        self.confusion.update(self.network(self._input.images(hu)), labels)

    def configure_optimizers(self) -> dict[str, object]:
        """Return the optimiser and its schedule."""
        p = self._choices
        optimizer = torch.optim.AdamW(
            self.network.parameters(),
            lr=p.learning_rate or LEARNING_RATES[p.architecture],
            weight_decay=p.weight_decay,
        )
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=p.epochs)
        return {"optimizer": optimizer, "lr_scheduler": schedule}


def turned(hu: torch.Tensor) -> torch.Tensor:
    """Return every patch (N, P, P) in one of its eight orientations, drawn from torch's generator."""
    transposed, flipped_y, flipped_x = (torch.rand(3, len(hu), 1, 1) < 0.5).to(hu.device)
    hu = torch.where(transposed, hu.mT, hu)
    hu = torch.where(flipped_y, hu.flip(1), hu)
    return torch.where(flipped_x, hu.flip(2), hu)
