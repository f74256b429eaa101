"""The training of a detection network as a Lightning module."""

from __future__ import annotations

import torch
from lightning.pytorch import LightningModule
from torch import nn

from LungCAD.train.detection.heads import Head
from LungCAD.train.detection.parameters import DetectionTrainingParameters
from LungCAD.train.epochs import epoch_seed

WARM_UP = 0.1
"""Part of the steps in which the learning rate rises."""

STEEPEST = 5.0
"""Longer gradients are shortened to this: areas can be far off at first."""


class DetectionLearner(LightningModule):
    """The loss of a head on CNN-F. steps : in the whole training, for the learning rate's course."""

    def __init__(
        self, network: nn.Module, head: Head, parameters: DetectionTrainingParameters, steps: int
    ) -> None:
        super().__init__()
        self.network = network
        self._head, self._choices, self._steps = head, parameters, steps

    def on_train_epoch_start(self) -> None:
        """Seed what dropout leaves to chance."""
        torch.manual_seed(epoch_seed(self._choices.seed, self.current_epoch))

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], index: int) -> torch.Tensor:
        """Return the loss of images (n, 3, side, side) and the head's targets."""
        images, targets = batch
        return self._head.loss(self.network(images), targets)

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Shorten what would throw the network out of the valley."""
        nn.utils.clip_grad_norm_(self.network.parameters(), STEEPEST)

    def configure_optimizers(self) -> dict[str, object]:
        """Return AdamW and its schedule."""
        rate = self._choices.learning_rate
        optimizer = torch.optim.AdamW(self.network.parameters(), rate)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, rate, total_steps=self._steps, pct_start=WARM_UP, cycle_momentum=False
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
