"""Fit one network, and ask it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.metrics import f1_score
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from LungCAD.networks import ARCHITECTURES
from LungCAD.networks.batch_norm import add_batch_norm, fold_batch_norm
from LungCAD.networks.dense_head import dense_layers, reset_dense
from LungCAD.progress import Progress, silent
from LungCAD.tasks.cpa.networks import ANSWERS, PRESENT
from LungCAD.tasks.cpa.picture_input import PictureInput
from LungCAD.train.cpa.cases import UNKNOWN
from LungCAD.train.cpa.learner import BestByLoss, CpaLearner
from LungCAD.train.cpa.parameters import CpaTrainingParameters
from LungCAD.train.cpa.pictures import BALL, PictureSet
from LungCAD.train.cpa.plans import VGG, Plan
from LungCAD.train.cpa.splitting import balanced
from LungCAD.train.epochs import ShuffledByEpoch
from LungCAD.train.lightning_run import fit_module
from LungCAD.train.thresholds import border_of_best_f1
from LungCAD.weights import start_from_imagenet

State = dict[str, torch.Tensor]

RESET_LAYERS = 2
"""Dense layers that survival learns anew after disease (SAPSAM, section 2.4)."""


@dataclass(frozen=True)
class Fitted:
    """A network with the best epoch's weights. losses : in validation, epoch by epoch; f1 : task by task."""

    network: nn.Module
    losses: list[float]
    f1: tuple[float, ...]


def new_network(plan: Plan, parameters: CpaTrainingParameters) -> tuple[nn.Module, dict[str, object]]:
    """Return the network of a plan with its first weights, and its options."""
    head = {"head": "dense"}
    if plan.architecture == VGG:
        channels = parameters.input_for(plan).channels
        head = {
            "width": parameters.width,
            "head": parameters.head,
            "pools": parameters.pools,
            "channels": channels,
        }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(parameters.seed)
        return ARCHITECTURES[plan.architecture](ANSWERS * len(plan.tasks), **head), head


def fit(
    plan: Plan,
    training: PictureSet,
    validation: PictureSet,
    parameters: CpaTrainingParameters,
    imagenet: State | None = None,
    base: nn.Module | None = None,
    checkpoint: Path | None = None,
    progress: Progress = silent,
) -> Fitted:
    """Train the network of a plan.

    Parameters
    ----------
    imagenet : tensors to start from.
    base : a trained network to go on from, its last two dense layers drawn anew. With either, the first two
        blocks are frozen and nothing is normalised: that would undo the scales that were learned. From
        scratch when both are None.
    checkpoint : a file (.ckpt) that is written after every epoch; where it exists, training goes on from it.

    Raises
    ------
    InputError
        The ImageNet tensors do not fit, or the device is not to be had.
    Cancelled
        From `progress`.
    """
    network, _ = new_network(plan, parameters)
    if imagenet is not None:
        start_from_imagenet(network, imagenet, anew=("classifier.", "fc."))
    if base is not None:
        network.load_state_dict(base.state_dict())
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(parameters.seed)
            reset_dense(network, last=RESET_LAYERS)
    from_scratch = imagenet is None and base is None
    if not from_scratch:
        network.first_blocks().requires_grad_(False)
    normalised = parameters.normalise and plan.architecture == VGG and from_scratch
    if normalised:
        add_batch_norm(network.features)
    if parameters.balance == "drop":
        training, validation = (balanced(each, parameters.seed) for each in (training, validation))
    pictures = parameters.input_for(plan)
    weights = _weights(training, parameters)
    learner = CpaLearner(network, pictures, parameters)
    best = BestByLoss()
    sampler = ShuffledByEpoch(len(training), parameters.seed)
    fit_module(
        learner,
        DataLoader(
            _tensors(training, plan, weights, parameters),
            parameters.batch,
            sampler=sampler,
            generator=torch.Generator(),
        ),
        epochs=parameters.epochs_for(plan),
        device=parameters.device,
        precision=parameters.precision,
        checkpoint=checkpoint,
        progress=progress,
        validation=DataLoader(_tensors(validation, plan, weights, parameters), parameters.batch),
        callbacks=[best],
    )
    network.load_state_dict(best.best)
    network.cpu().eval()
    if normalised:
        fold_batch_norm(network.features)
    _take_back(weights, network)
    if parameters.decide == "f1":
        _split_by_best_f1(network, pictures, validation)
    said = probabilities(network, pictures, validation) >= 0.5
    known = validation.labels != UNKNOWN
    f1 = (
        f1_score(labels[of] == 1, yes[of], zero_division=0.0)
        for yes, labels, of in zip(said.T, validation.labels.T, known.T, strict=True)
    )
    return Fitted(network, best.history, tuple(f1))


def log_odds(
    network: nn.Module, prepared: PictureInput, pictures: PictureSet, batch: int = 32
) -> NDArray[np.float32]:
    """Return the logit (N, T) of yes above that of no for each picture."""
    with torch.inference_mode():
        parts = [
            network(prepared.images(torch.from_numpy(pictures.pictures[low : low + batch]).float() / 255))
            .unflatten(1, (-1, ANSWERS))
            .diff(dim=2)[..., 0]
            for low in range(0, len(pictures), batch)
        ]
    return torch.cat(parts).numpy()


def probabilities(
    network: nn.Module, prepared: PictureInput, pictures: PictureSet, batch: int = 32
) -> NDArray[np.float32]:
    """Return the probability (N, T) of yes for each picture."""
    return expit(log_odds(network, prepared, pictures, batch))


def _weights(pictures: PictureSet, parameters: CpaTrainingParameters) -> torch.Tensor:
    """Return the weights (T, 2) of no and yes: such that both weigh the same, or 1."""
    if parameters.balance == "drop":
        return torch.ones(pictures.labels.shape[1], ANSWERS)
    counts = np.stack([(pictures.labels == answer).sum(0) for answer in range(ANSWERS)], axis=1)
    return torch.from_numpy(counts.sum(1, keepdims=True) / (ANSWERS * np.maximum(counts, 1))).float()


def _take_back(weights: torch.Tensor, network: nn.Module) -> None:
    """Make probabilities those of the training's frequencies again: weights in a loss shift its logits."""
    with torch.no_grad():
        dense_layers(network)[-1].bias -= weights.log().flatten()


def _split_by_best_f1(network: nn.Module, prepared: PictureInput, pictures: PictureSet) -> None:
    """Shift every task's logits such that 0.5 is where these pictures have their best F1."""
    said = probabilities(network, prepared, pictures).astype(np.float64)
    thresholds = [
        border_of_best_f1(labels[known] == 1, scores[known], floor=0.0)
        for scores, labels, known in zip(said.T, pictures.labels.T, pictures.labels.T != UNKNOWN, strict=True)
    ]
    with torch.no_grad():
        dense_layers(network)[-1].bias[PRESENT::ANSWERS] -= torch.logit(torch.tensor(thresholds), eps=1e-6)


def _tensors(
    pictures: PictureSet, plan: Plan, weights: torch.Tensor, parameters: CpaTrainingParameters
) -> TensorDataset:
    """Return what batches are of. weights : (T, 2) of no and yes."""
    labels = torch.from_numpy(pictures.labels)
    own = weights[torch.arange(len(weights)), labels.clamp(min=0).long()]
    if parameters.balance == "cavities" and BALL in plan.tasks:
        own[:, plan.tasks.index(BALL)] *= _cavity_weights(pictures, plan.tasks.index(BALL))
    return TensorDataset(torch.from_numpy(pictures.pictures), labels, own)


def _cavity_weights(pictures: PictureSet, ball: int) -> torch.Tensor:
    """Return weights (N,) of mean 1, with which cavities without a ball weigh as much as all else without."""
    weights, without = np.ones(len(pictures), np.float32), pictures.labels[:, ball] == 0
    halves = without & pictures.hollow, without & ~pictures.hollow
    if all(half.any() for half in halves):
        for half in halves:
            weights[half] = without.sum() / (2 * half.sum())
    return torch.from_numpy(weights)
