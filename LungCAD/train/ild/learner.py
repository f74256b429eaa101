"""The training of a network for interstitial lung disease as a Lightning module."""

from __future__ import annotations

import torch
from lightning.pytorch import LightningModule
from torch import nn
from torchmetrics.classification import MulticlassConfusionMatrix

from LungCAD.train.epochs import epoch_seed
from LungCAD.train.ild.batches import Batch
from LungCAD.train.ild.loss import literal_sum, set_means, weighted_means
from LungCAD.train.ild.parameters import IldTrainingParameters
from LungCAD.train.schedule import rise_and_fall

LOSSES = {"means": weighted_means, "set": set_means, "sum": literal_sum}

BALANCED_ACCURACY = "balanced accuracy"
"""Name under which it is logged after every epoch."""


class IldLearner(LightningModule):
    """Adam on the semi-supervised loss; counts what becomes of the validation slices.

    Parameters
    ----------
    network : logits (N, C, Y, X) of images.
    weights : (C,) of the classes in the loss.
    steps : in the whole training, for the learning rate's course.
    """

    def __init__(
        self, network: nn.Module, weights: torch.Tensor, parameters: IldTrainingParameters, steps: int
    ) -> None:
        super().__init__()
        self.network = network
        self.confusion = MulticlassConfusionMatrix(len(weights))
        self.register_buffer("weights", weights, persistent=False)
        self._choices, self._steps = parameters, steps

    def on_train_batch_start(self, batch: Batch, index: int) -> None:
        """Seed dropout, in every process with another seed.

        Before every step, not every epoch: loaders draw from the same generator, and in an epoch that begins
        with a checkpoint they do so at another moment.
        """
        of_epoch = epoch_seed(self._choices.seed, self.current_epoch)
        torch.manual_seed(epoch_seed(of_epoch, index) + self.global_rank)

    def training_step(self, batch: Batch, index: int) -> torch.Tensor:
        """Return the loss of a slice."""
        images, targets = batch
        loss = LOSSES[self._choices.loss]
        return loss(self.network(images).float(), targets, self.weights, self._choices.unsupervised_weight)

    def validation_step(self, batch: Batch, index: int) -> None:
        """Count what the labelled pixels are taken for."""
        images, targets = batch
        known = targets >= 0
        self.confusion.update(self.network(images).argmax(1)[known], targets[known])

    def on_validation_epoch_end(self) -> None:
        """Log the balanced accuracy."""
        counts = self.confusion.compute().cpu().double()
        recall = counts.diagonal() / counts.sum(1)
        self.log(BALANCED_ACCURACY, recall.nanmean(), sync_dist=False)
        self.confusion.reset()

    def configure_optimizers(self) -> dict[str, object]:
        """Return the optimiser and, where the learning rate changes, its schedule."""
        p = self._choices
        optimizer = torch.optim.Adam(self.network.parameters(), p.learning_rate)
        if p.schedule == "constant":
            return {"optimizer": optimizer}
        schedule = rise_and_fall(optimizer, p.learning_rate, self._steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
