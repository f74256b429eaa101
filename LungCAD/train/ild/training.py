"""Cross-validate a network for interstitial lung disease by patient, then train the one that is kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from LungCAD.devices import choose_device
from LungCAD.progress import Progress, each, part, silent
from LungCAD.tasks.ild_input import IldInput
from LungCAD.train.checkpoints import claim_checkpoints, digest
from LungCAD.train.confusion import ConfusionTable
from LungCAD.train.ild.batches import ordered_batches, training_batches
from LungCAD.train.ild.learner import IldLearner
from LungCAD.train.ild.loss import class_weights
from LungCAD.train.ild.networks import State, new_network
from LungCAD.train.ild.parameters import IldTrainingParameters
from LungCAD.train.ild.slices import SliceSet
from LungCAD.train.ild.splitting import split_folds, split_validation
from LungCAD.train.ild.stopping import StopWithoutGain
from LungCAD.train.lightning_run import fit_module, is_first_process


@dataclass(frozen=True)
class Fitted:
    """A network and its balanced accuracy on the validation patients after every epoch."""

    network: nn.Module
    history: tuple[float, ...]


@dataclass(frozen=True)
class IldTraining:
    """A network and what is known of networks like it.

    fitted : trained on all patients but those of its validation. input : how slices are prepared.
    folds : pixels of every part of the cross-validation, told by a network that saw none of its patients.
    unseen : slices that were kept apart altogether, told by the network that is kept.
    """

    fitted: Fitted
    input: IldInput
    folds: tuple[ConfusionTable, ...]
    unseen: ConfusionTable | None

    @property
    def tables(self) -> tuple[ConfusionTable, ...]:
        """What figures show: the folds, or else the slices kept apart; empty where nothing was measured."""
        return self.folds or ((self.unseen,) if self.unseen else ())


def train_ild(
    data: SliceSet,
    parameters: IldTrainingParameters,
    *,
    extra: SliceSet | None = None,
    unseen: SliceSet | None = None,
    start: State | None = None,
    checkpoints: Path | None = None,
    progress: Progress = silent,
) -> IldTraining:
    """Cross-validate by patient, then train on everything.

    Parameters
    ----------
    extra : slices that are learned from in every fold and never scored, such as painted ones.
    unseen : slices that are never learned from, to score the last network.
    start : tensors of a network to begin with.
    checkpoints : folder that keeps what was learned after every epoch. A run with the same data and
        parameters goes on from there and ends with the same networks as one that was never broken off.

    Raises
    ------
    InputError
        Fewer patients than folds, a fold without a class, checkpoints of another training, a start that does
        not fit, or a device that is not to be had.
    Cancelled
        From `progress`.
    """
    folds = list(split_folds(data, parameters.folds, parameters.seed)) if parameters.folds else []
    for learned in (data, *(learned for learned, _ in folds)):
        split_validation(learned, parameters)  # what is wrong with a fold is told before the first is learned
    if checkpoints is not None and is_first_process():
        given = [one for one in (data, extra) if one is not None]
        settings = {
            "data": [one.source for one in given],
            "slices": digest(part for one in given for part in one.contents()),
            "start": start
            and digest(part for name, tensor in start.items() for part in (name, tensor.numpy())),
        }
        claim_checkpoints(checkpoints, {**settings, **parameters.as_dict()})
    runs = len(folds) + 1

    def fitted(name: str, chosen: SliceSet, number: int) -> Fitted:
        file = checkpoints / f"{name}.ckpt" if checkpoints is not None else None
        share = part(progress, number / runs, (number + 1) / runs)
        return fit(chosen, parameters, extra, start, file, share)

    tables = []
    for number, (learned, scored) in enumerate(folds):
        network = fitted(f"fold-{number + 1}", learned, number).network
        tables.append(confusion_of(network, scored, parameters))
    last = fitted("all", data, len(folds))
    table = confusion_of(last.network, unseen, parameters) if unseen is not None else None
    progress(1.0, "Trained")
    return IldTraining(last, (data.joined(extra) if extra else data).input, tuple(tables), table)


def fit(
    data: SliceSet,
    parameters: IldTrainingParameters,
    extra: SliceSet | None = None,
    start: State | None = None,
    checkpoint: Path | None = None,
    progress: Progress = silent,
) -> Fitted:
    """Train on most patients of `data`, until the others say that it no longer helps.

    Arguments and errors as in `train_ild`; `checkpoint` as in `fit_module`.
    """
    p = parameters
    learned, validation = split_validation(data, p)
    if extra is not None:
        learned = learned.joined(extra)
    batches = training_batches(learned, p)
    weights = class_weights(learned.pixels.sum(0)) if p.balance else np.ones(len(data.classes))
    network = new_network(len(data.classes), p, start)
    # The sampler tells the share of this process only once the processes know of each other, in Lightning.
    most = p.epoch_slices or len(learned)
    steps = p.epochs * -(-max(1, most // (p.devices * p.machines)) // p.batch)
    learner = IldLearner(network, torch.from_numpy(weights).float(), p, steps)
    stopping = StopWithoutGain(p.patience, p.gain)
    fit_module(
        learner,
        batches,
        epochs=p.epochs,
        device=p.device,
        checkpoint=checkpoint,
        progress=progress,
        validation=ordered_batches(validation, p, shared=True),
        callbacks=[stopping],
        **machine(p),
    )
    learner.network.load_state_dict(stopping.best)
    return Fitted(learner.network.cpu().eval(), tuple(stopping.history))


def machine(parameters: IldTrainingParameters) -> dict[str, object]:
    """Return the arguments of Lightning's Trainer."""
    chosen: dict[str, object] = {
        "precision": parameters.precision,
        "accumulate_grad_batches": parameters.batch,
    }
    if parameters.devices > 1 or parameters.machines > 1:
        chosen |= {"devices": parameters.devices, "num_nodes": parameters.machines, "strategy": "ddp"}
    return chosen


def confusion_of(
    network: nn.Module, data: SliceSet, parameters: IldTrainingParameters, progress: Progress = silent
) -> ConfusionTable:
    """Return the labelled pixels by their class (rows) and what the network takes them for."""
    chosen, classes = choose_device(parameters.device), len(data.classes)
    network = network.to(chosen).eval()
    counts = np.zeros((classes, classes), np.int64)
    with torch.inference_mode():
        for images, targets in each(ordered_batches(data, parameters), progress, "Scoring", len(data)):
            told = network(images.to(chosen)).argmax(1).cpu()
            known = targets >= 0
            pairs = targets[known] * classes + told[known]
            counts += torch.bincount(pairs, minlength=classes**2).reshape(classes, classes).numpy()
    return ConfusionTable(counts, data.classes)
