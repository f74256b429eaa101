"""The training of a detection network as a Lightning module."""

from __future__ import annotations

import torch
from lightning.pytorch import LightningModule
from torch import nn

from LungCAD.networks import CNNF
from LungCAD.train.detection.batches import Batch
from LungCAD.train.detection.heads import Head
from LungCAD.train.detection.local_evidence import LocalEvidence
from LungCAD.train.detection.parameters import DetectionTrainingParameters
from LungCAD.train.epochs import epoch_seed
from LungCAD.train.schedule import rise_and_fall

STEEPEST = 5.0
"""Longer gradients are shortened to this: areas can be far off at first."""


class DetectionLearner(LightningModule):
    """The loss of a head on CNN-F, and of local evidence where batches have cells.

    diseases : number of them. steps : in the whole training, for the learning rate's course.
    """

    def __init__(
        self, network: CNNF, head: Head, diseases: int, parameters: DetectionTrainingParameters, steps: int
    ) -> None:
        super().__init__()
        self.network = network
        self.evidence = LocalEvidence(network, diseases)
        self._head, self._choices, self._steps = head, parameters, steps

    def on_train_epoch_start(self) -> None:
        """Seed what dropout leaves to chance."""
        torch.manual_seed(epoch_seed(self._choices.seed, self.current_epoch))

    def training_step(self, batch: Batch, index: int) -> torch.Tensor:
        """Return the loss of one batch."""
        images, targets, cells = batch
        loss = self._head.loss(self.network(images), targets)
        return loss if cells is None else loss + self._choices.local * self.evidence.loss(cells)

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Shorten what would throw the network out of the valley."""
        nn.utils.clip_grad_norm_(self.network.parameters(), STEEPEST)

    def configure_optimizers(self) -> dict[str, object]:
        """Return AdamW and its schedule."""
        rate = self._choices.learning_rate
        optimizer = torch.optim.AdamW(self.parameters(), rate)
        schedule = rise_and_fall(optimizer, rate, self._steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
