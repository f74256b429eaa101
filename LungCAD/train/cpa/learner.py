"""The training of a network for projections as a Lightning module."""

from __future__ import annotations

from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import nn
from torch.nn.functional import cross_entropy

from LungCAD.tasks.cpa.picture_input import PictureInput
from LungCAD.train.cpa.cases import UNKNOWN
from LungCAD.train.cpa.parameters import CpaTrainingParameters
from LungCAD.train.cpa.variation import varied
from LungCAD.train.epochs import epoch_seed
from LungCAD.train.schedule import rise_and_fall

Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""Pictures (N, C, Y, X) uint8, labels (N, T) int8 and weights (N, T) of them in the loss."""

MOMENTUM = 0.9
WEIGHT_DECAY = 1e-3
"""Of AdamW; SGD has none."""

LOSS = "validation_loss"


class CpaLearner(LightningModule):
    """Cross entropy of two answers for each of T tasks. network : logits (N, 2 T)."""

    def __init__(
        self,
        network: nn.Module,
        pictures: PictureInput,
        parameters: CpaTrainingParameters,
    ) -> None:
        super().__init__()
        self.network = network.to(memory_format=torch.channels_last)
        self._input, self._choices = pictures, parameters

    def on_train_epoch_start(self) -> None:
        """Seed dropout and variation; frozen layers do not follow the batches' statistics either."""
        torch.manual_seed(epoch_seed(self._choices.seed, self.current_epoch))
        for layer in self.network.modules():
            if isinstance(layer, nn.BatchNorm2d) and not layer.weight.requires_grad:
                layer.eval()

    def training_step(self, batch: Batch, index: int) -> torch.Tensor:
        """Return the loss of a batch."""
        pictures, *truth = batch
        outside = self._levels(torch.zeros_like(pictures[:1, :, :1, :1]))
        varied_levels = varied(self._levels(pictures), self._choices, outside)
        return _loss(self._logits(varied_levels), *truth)

    def validation_step(self, batch: Batch, index: int) -> None:
        """Log the loss of a batch as it is."""
        pictures, *truth = batch
        self.log(LOSS, _loss(self._logits(self._levels(pictures)), *truth), batch_size=len(pictures))

    def predict_step(self, batch: Batch, index: int) -> torch.Tensor:
        """Return the probability (N, T) of yes."""
        return self._logits(self._levels(batch[0])).float().softmax(2)[..., 1]

    def configure_optimizers(self) -> torch.optim.Optimizer | dict[str, Any]:
        """Return the optimiser over what is not frozen, and its schedule."""
        p = self._choices
        free = [tensor for tensor in self.network.parameters() if tensor.requires_grad]
        if p.optimizer == "sgd":
            optimizer = torch.optim.SGD(free, lr=p.learning_rate, momentum=MOMENTUM)
        else:
            optimizer = torch.optim.AdamW(free, lr=p.learning_rate, weight_decay=WEIGHT_DECAY)
        if not p.falling:
            return optimizer
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = rise_and_fall(optimizer, p.learning_rate, steps + 1)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _levels(self, pictures: torch.Tensor) -> torch.Tensor:
        return self._input.levels(pictures.float() / 255)

    def _logits(self, levels: torch.Tensor) -> torch.Tensor:
        """Return (N, T, 2)."""
        images = self._input.resized(levels).contiguous(memory_format=torch.channels_last)
        return self.network(images).unflatten(1, (-1, 2))


def _loss(logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Return the mean over tasks of the weighted mean over pictures whose label is known."""
    each = cross_entropy(
        logits.transpose(1, 2).float(), labels.long(), ignore_index=UNKNOWN, reduction="none"
    )
    weights = weights * (labels != UNKNOWN)
    asked = weights.sum(0) > 0
    return ((weights * each).sum(0)[asked] / weights.sum(0)[asked]).mean()


class BestByLoss(Callback):
    """Remember the network with the smallest loss in validation; the memory is part of checkpoints."""

    def __init__(self) -> None:
        self.history: list[float] = []
        self.best: dict[str, torch.Tensor] = {}

    def on_validation_end(self, trainer: Trainer, module: LightningModule) -> None:
        """Compare the epoch with those before it."""
        if trainer.sanity_checking:
            return
        loss = float(trainer.callback_metrics[LOSS])
        if not self.history or loss < min(self.history):
            self.best = {name: tensor.clone() for name, tensor in module.network.state_dict().items()}
        self.history.append(loss)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"history": self.history, "best": self.best}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.history, self.best = state["history"], state["best"]
