"""Fit a patch network with Lightning, with progress, cancelling and resuming."""

from __future__ import annotations

import logging
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import nn

from LungCAD.devices import choose_device
from LungCAD.networks import ARCHITECTURES
from LungCAD.networks.alexnet import INPUT_PX
from LungCAD.progress import Progress, silent
from LungCAD.train.patches.batches import ordered_batches, training_batches
from LungCAD.train.patches.learner import PatchLearner
from LungCAD.train.patches.parameters import PatchTrainingParameters
from LungCAD.train.patches.patch_set import PatchSet
from LungCAD.unary.patch_input import PatchInput
from LungCAD.weights import start_from_imagenet

State = dict[str, torch.Tensor]


def fit(
    data: PatchSet,
    parameters: PatchTrainingParameters,
    imagenet: State | None = None,
    checkpoint: Path | None = None,
    progress: Progress = silent,
) -> PatchLearner:
    """Train a network on all patches of `data`.

    Parameters
    ----------
    imagenet : tensors to start from; from scratch when None.
    checkpoint : a file (.ckpt) that is written after every epoch; where it exists, training goes on from it.

    Raises
    ------
    InputError
        The ImageNet tensors do not fit the architecture, or the device is not to be had.
    Cancelled
        From `progress`.
    """
    learner = PatchLearner(
        _new_network(len(data.classes), parameters, imagenet),
        patch_input(data.patch_px, parameters),
        _class_weights(data, parameters),
        parameters,
    )
    callbacks: list[Callback] = [_Report(progress, parameters.epochs)]
    if checkpoint is not None:
        callbacks.append(_every_epoch(checkpoint))
    trainer = _trainer(parameters, callbacks)
    batches = training_batches(data, parameters.batch, parameters.seed)
    resumed = checkpoint if checkpoint is not None and checkpoint.exists() else None
    with _quiet_lightning():
        trainer.fit(learner, batches, ckpt_path=resumed, weights_only=True)
    return learner


def confusion_of(learner: PatchLearner, data: PatchSet, parameters: PatchTrainingParameters) -> np.ndarray:
    """Return the counts (C, C) of patches by their class (rows) and what the network takes them for."""
    learner.confusion.reset()
    with _quiet_lightning():
        _trainer(parameters, []).validate(learner, ordered_batches(data, parameters.batch), verbose=False)
    return learner.confusion.compute().cpu().numpy()


def patch_input(patch_px: int, parameters: PatchTrainingParameters) -> PatchInput:
    """Return how the architecture wants patches of that width: AlexNet scaled up, the small network as is."""
    return PatchInput(patch_px, INPUT_PX if parameters.architecture == "alexnet" else patch_px)


def _new_network(classes: int, parameters: PatchTrainingParameters, imagenet: State | None) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(parameters.seed)
        network = ARCHITECTURES[parameters.architecture](classes, width=parameters.width)
    if imagenet is not None:
        start_from_imagenet(network, imagenet)
    return network


def _class_weights(data: PatchSet, parameters: PatchTrainingParameters) -> torch.Tensor:
    """Weigh classes in the loss by 1 / frequency; a class without patches, by nothing."""
    counts = np.bincount(data.labels, minlength=len(data.classes))
    weights = np.where(counts > 0, len(data) / np.maximum(counts, 1), 0.0)
    if not parameters.balance:
        weights = np.ones(len(counts))
    return torch.from_numpy(weights / weights.max()).float()


def _trainer(parameters: PatchTrainingParameters, callbacks: list[Callback]) -> Trainer:
    device = choose_device(parameters.device)
    with _quiet_lightning():
        return Trainer(
            accelerator="gpu" if device.type == "cuda" else device.type,
            devices=1 if device.index is None else [device.index],
            max_epochs=parameters.epochs,
            callbacks=callbacks,
            enable_checkpointing=any(isinstance(callback, ModelCheckpoint) for callback in callbacks),
            enable_progress_bar=False,
            enable_model_summary=False,
            logger=False,
            use_distributed_sampler=False,
        )


def _every_epoch(checkpoint: Path) -> ModelCheckpoint:
    return ModelCheckpoint(
        checkpoint.parent, checkpoint.stem, enable_version_counter=False, save_on_train_epoch_end=True
    )


class _Report(Callback):
    """Tell how many batches are done; a callback that raises ends the training."""

    def __init__(self, progress: Progress, epochs: int) -> None:
        self._progress, self._epochs = progress, epochs

    def on_train_batch_end(
        self, trainer: Trainer, module: LightningModule, outputs: object, batch: object, index: int
    ) -> None:
        epoch = trainer.current_epoch
        done = (epoch + (index + 1) / trainer.num_training_batches) / self._epochs
        self._progress(done, f"Training, epoch {epoch + 1} of {self._epochs}")


@contextmanager
def _quiet_lightning() -> Iterator[None]:
    """Keep Lightning's remarks from the terminal, and Ctrl-C what it is everywhere else."""
    remarks = logging.getLogger("lightning.pytorch")
    level, handler = remarks.level, signal.getsignal(signal.SIGINT)
    remarks.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="lightning")
            yield
    except SystemExit as exit_by_lightning:
        signal.signal(signal.SIGINT, handler)
        raise KeyboardInterrupt from exit_by_lightning
    finally:
        remarks.setLevel(level)
