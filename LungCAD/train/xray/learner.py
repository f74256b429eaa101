"""The training of a network for radiographs as a Lightning module."""

from __future__ import annotations

import torch
from lightning.pytorch import LightningModule
from torch import nn
from torch.nn.functional import cross_entropy

from LungCAD.train.epochs import epoch_seed
from LungCAD.train.schedule import rise_and_fall
from LungCAD.train.xray.parameters import XrayTrainingParameters
from LungCAD.train.xray.radiographs import IGNORE

MOMENTUM = 0.9


class XrayLearner(LightningModule):
    """Cross entropy, with the soft Dice loss where wanted; pixels of `IGNORE` take no part.

    steps : in the whole training, for the learning rate's course.
    """

    def __init__(self, network: nn.Module, parameters: XrayTrainingParameters, steps: int) -> None:
        super().__init__()
        self.network = network
        self._choices, self._steps = parameters, steps

    def on_train_epoch_start(self) -> None:
        """Seed whatever the network leaves to chance."""
        torch.manual_seed(epoch_seed(self._choices.seed, self.current_epoch))

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], index: int) -> torch.Tensor:
        """Return the loss of images (N, 1, Y, X) and masks (N, Y, X)."""
        images, masks = batch
        logits = self.network(images.contiguous(memory_format=torch.channels_last))
        loss = cross_entropy(logits, masks, ignore_index=IGNORE)
        return loss + soft_dice_loss(logits, masks) if self._choices.dice else loss

    def configure_optimizers(self) -> dict[str, object]:
        """Return the optimiser and its schedule."""
        p = self._choices
        weights = self.network.parameters()
        optimizer = (
            torch.optim.SGD(weights, p.learning_rate, momentum=MOMENTUM)
            if p.optimizer == "sgd"
            else torch.optim.AdamW(weights, p.learning_rate)
        )
        schedule = rise_and_fall(optimizer, p.learning_rate, self._steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def soft_dice_loss(logits: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    """Return 1 - 2 sum(p t) / (sum(p) + sum(t)) of class 1, mean over the images.

    logits : (N, 2, Y, X). masks : (N, Y, X), 0, 1 or `IGNORE`. An image without truth and prediction gives 0.
    """
    counted = masks != IGNORE
    lung = logits.softmax(1)[:, 1] * counted
    truth = (masks == 1).to(lung.dtype)
    overlap, sizes = ((values).sum((1, 2)) for values in (lung * truth, lung + truth))
    return (1 - (2 * overlap + 1) / (sizes + 1)).mean()
