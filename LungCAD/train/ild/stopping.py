"""When a training ends, and which of its networks is kept."""

from __future__ import annotations

from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from LungCAD.train.ild.learner import BALANCED_ACCURACY


class StopWithoutGain(Callback):
    """End a training that has not gained for some epochs; remember the network of the best one.

    A gain counts for the patience when it exceeds the last one that counted by a part of it; the network kept
    is that of the highest balanced accuracy, however small the gain. All of it is kept in checkpoints.

    Parameters
    ----------
    patience : epochs without a gain that counts. gain : least relative gain that counts.
    """

    def __init__(self, patience: int, gain: float) -> None:
        self._patience, self._gain = patience, gain
        self.history: list[float] = []
        self.best: dict[str, torch.Tensor] = {}
        self._mark, self._since = 0.0, 0

    def on_train_start(self, trainer: Trainer, module: LightningModule) -> None:
        """Leave a training alone that has ended before."""
        trainer.should_stop = self._since >= self._patience

    def on_validation_end(self, trainer: Trainer, module: LightningModule) -> None:
        """Compare the epoch with those before it."""
        accuracy = float(trainer.callback_metrics[BALANCED_ACCURACY])
        if not self.history or accuracy > max(self.history):
            self.best = {name: tensor.clone() for name, tensor in module.network.state_dict().items()}
        self.history.append(accuracy)
        counts = accuracy > self._mark * (1 + self._gain)
        self._mark, self._since = (accuracy, 0) if counts else (self._mark, self._since + 1)
        trainer.should_stop = trainer.should_stop or self._since >= self._patience

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"history": self.history, "best": self.best, "mark": self._mark, "since": self._since}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.history, self.best = state["history"], state["best"]
        self._mark, self._since = state["mark"], state["since"]
