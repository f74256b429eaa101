"""Fit a patch network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from LungCAD.networks import ARCHITECTURES, TexturePatches
from LungCAD.networks.alexnet import INPUT_PX
from LungCAD.progress import Progress, silent
from LungCAD.tasks.class_probabilities import TEXTURE_WEIGHTS
from LungCAD.train.lightning_run import fit_module, make_trainer, quiet_lightning
from LungCAD.train.patches.batches import ordered_batches, training_batches
from LungCAD.train.patches.learner import PatchLearner
from LungCAD.train.patches.parameters import TEXTURE, PatchTrainingParameters
from LungCAD.train.patches.patch_set import PatchSet
from LungCAD.unary.patch_input import PatchInput
from LungCAD.unary.texture import WINDOWS_HU
from LungCAD.weights import load_network, start_from_imagenet
from LungCAD.weights.shipped import shipped

State = dict[str, torch.Tensor]

HALVES = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)
"""Mean and deviation that bring colours from 0..1 to -1..1, as the texture network knows them."""


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
        _new_network(data, parameters, imagenet),
        patch_input(data.patch_px, parameters),
        _class_weights(data, parameters),
        parameters,
    )
    fit_module(
        learner,
        training_batches(data, parameters.batch, parameters.seed),
        epochs=parameters.epochs,
        device=parameters.device,
        checkpoint=checkpoint,
        progress=progress,
    )
    return learner


def confusion_of(learner: PatchLearner, data: PatchSet, parameters: PatchTrainingParameters) -> np.ndarray:
    """Return the counts (C, C) of patches by their class (rows) and what the network takes them for."""
    learner.confusion.reset()
    with quiet_lightning():
        trainer = make_trainer(parameters.device, epochs=1, callbacks=[])
        trainer.validate(learner, ordered_batches(data, parameters.batch), verbose=False)
    return learner.confusion.compute().cpu().numpy()


def patch_input(patch_px: int, parameters: PatchTrainingParameters) -> PatchInput:
    """Return how the architecture wants patches of that width: AlexNet scaled up, the others as they are."""
    if parameters.architecture == TEXTURE:
        return PatchInput(patch_px, patch_px, WINDOWS_HU, *HALVES)
    return PatchInput(patch_px, INPUT_PX if parameters.architecture == "alexnet" else patch_px)


def _new_network(data: PatchSet, parameters: PatchTrainingParameters, imagenet: State | None) -> nn.Module:
    classes = len(data.classes)
    if parameters.architecture == TEXTURE:
        network = TexturePatches(classes)
        texture, _ = load_network(shipped(TEXTURE_WEIGHTS), architecture="texture")
        network.texture.load_state_dict(texture.state_dict())
        network.standardise(patch_input(data.patch_px, parameters).images(torch.from_numpy(data.hu)))
        return network
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
