"""Cross-validate a detection network by patient; the one that is kept has learned from all slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from LungCAD.devices import choose_device
from LungCAD.errors import InputError
from LungCAD.networks import CNNF
from LungCAD.networks.batch_norm import add_batch_norm, fold_batch_norm
from LungCAD.progress import Progress, each, part, silent
from LungCAD.tasks.detection_input import Decision
from LungCAD.train.checkpoints import claim_checkpoints, digest
from LungCAD.train.detection.batches import in_order, training_batches
from LungCAD.train.detection.decisions import can_be_fitted, decided_by_others, fit_decisions
from LungCAD.train.detection.heads import Head, make_head
from LungCAD.train.detection.learner import DetectionLearner
from LungCAD.train.detection.parameters import DetectionTrainingParameters
from LungCAD.train.detection.scan_decisions import AlongScans, along_scans, score_along_scans
from LungCAD.train.detection.slices import SliceSet, require_alike
from LungCAD.train.detection.splitting import chosen_folds
from LungCAD.train.detection.start import (
    balance_layers,
    orient_first_filters,
    renew_idle_filters,
    require_renewable,
    require_spread,
)
from LungCAD.train.detection.targets import square_millimetres
from LungCAD.train.lightning_run import fit_module

SCORED_AT_ONCE = 64
BALANCED_ON = 64
"""So many slices decide the first weights' scale."""


@dataclass(frozen=True)
class DetectionTraining:
    """A network, and what networks that never saw a slice's patient said of it.

    scored : indices of the slices that were held out. scores, present : (n, C) of these. decisions : one per
    disease, fitted to them. found : (n, C), what decisions fitted to other patients call present; there is
    no other where one patient was held out. along : the same along whole scans, where these are known; then
    the decisions are for these. held_out : which slices these are, for the model card. learned :
    whether the network learned anything here, or is only read anew.
    """

    network: nn.Module
    head: Head
    decisions: tuple[Decision, ...]
    scored: NDArray[np.intp]
    scores: NDArray[np.float32]
    present: NDArray[np.bool_]
    found: NDArray[np.bool_]
    held_out: str
    learned: bool = True
    along: AlongScans | None = None


def origin(given: Sequence[SliceSet], start: CNNF | None) -> dict[str, object]:
    """Return as plain data what tells slices, their labels and the start of a training from any other."""
    folds = [] if given[0].folds is None else [given[0].folds]
    contents = (
        part for one in given for part in (one.images, one.areas, one.patients, one.cells) if part is not None
    )
    tensors = start.state_dict().values() if start is not None else ()
    return {
        "slices": [one.source for one in given],
        "content": digest([*contents, *folds]),
        "start": digest(tensor.cpu().numpy() for tensor in tensors),
    }


def train_detection(
    slices: SliceSet,
    parameters: DetectionTrainingParameters,
    extra: SliceSet | None = None,
    start: CNNF | None = None,
    checkpoints: Path | None = None,
    progress: Progress = silent,
) -> DetectionTraining:
    """Cross-validate by patient, then train on everything.

    Parameters
    ----------
    extra : slices that are learned from in every fold and never scored.
    start : network to go on from, of the same size; it must not have seen the patients that are held out.
    checkpoints : folder that keeps what was learned after every epoch. A run with the same slices and
        parameters goes on from there and ends with the same network as one that was never broken off.

    Raises
    ------
    InputError
        Folds as `chosen_folds`, fewer of them than are to be scored, checkpoints of another training, areas
        wanted where there are ticks, more filters to renew than `start` has.
    Cancelled
        From `progress`.
    """
    p = parameters
    if slices.folds is None and p.scored_folds > p.folds:
        raise InputError("scored_folds", f"is {p.scored_folds}, of {p.folds} folds", "Hold out fewer")
    require_renewable(p.renew, start)
    if extra is not None:
        require_alike(slices, extra)
    if checkpoints is not None:
        given = [slices] if extra is None else [slices, extra]
        claim_checkpoints(checkpoints, {**origin(given, start), **p.as_dict()})
    fold = chosen_folds(slices, p)
    numbers = np.unique(fold)
    to_score = numbers[: p.scored_folds]
    head = make_head(p, slices)
    runs = len(to_score) + p.final

    def fitted(name: str, chosen: NDArray[np.intp], number: int) -> nn.Module:
        file = checkpoints / f"{name}.ckpt" if checkpoints is not None else None
        share = part(progress, number / runs, (number + 1) / runs)
        return fit(slices, chosen, head, p, extra, start, file, share)

    networks, scored, scores = [], [], []
    for number, held_out in enumerate(to_score):
        test = np.flatnonzero(fold == held_out)
        networks.append(fitted(f"fold-{number + 1}", np.flatnonzero(fold != held_out), number))
        scored.append(test)
        scores.append(score(networks[-1], head, slices, test, p.device))
    network = fitted("all", np.arange(len(slices)), len(to_score)) if p.final else networks[0]
    progress(1.0, "Trained")
    held_out = f"{len(to_score)} of {len(numbers)} folds by patient were held out in turn"
    indices = np.concatenate(scored)
    groups = fold[indices] if len(to_score) > 1 else None
    return decided(network, head, slices, p, indices, np.concatenate(scores), held_out, groups)


def calibrate(
    slices: SliceSet,
    parameters: DetectionTrainingParameters,
    start: CNNF,
    before: Sequence[Decision],
    progress: Progress = silent,
) -> DetectionTraining:
    """Fit only how the outputs of `start` are read, to slices of patients that it has not seen.

    before : how they have been read; that stays for diseases that no slice shows, or every one.

    Raises
    ------
    InputError
        The network has another size than the parameters say, or areas are wanted where there are ticks.
    """
    head, everything = make_head(parameters, slices), np.arange(len(slices))
    network = new_network(head.outputs, parameters)
    _go_on_from(network, start)
    scores = score(network, head, slices, everything, parameters.device, progress)
    training = decided(
        network.cpu(),
        head,
        slices,
        parameters,
        everything,
        scores,
        f"The network learned from none of the {len(slices)} slices scored here",
        learned=False,
        before=before,
    )
    fitted = can_be_fitted(training.present)
    if kept := ", ".join(code for code, new in zip(slices.diseases, fitted, strict=True) if not new):
        said = f"{training.held_out}; of {kept} they say too little: that is read as before"
        training = replace(training, held_out=said)
    return training


def decided(
    network: nn.Module,
    head: Head,
    slices: SliceSet,
    parameters: DetectionTrainingParameters,
    scored: NDArray[np.intp],
    scores: NDArray[np.float32],
    held_out: str,
    groups: NDArray[np.intp] | None = None,
    learned: bool = True,
    before: Sequence[Decision] | None = None,
) -> DetectionTraining:
    """Return a training with the decisions that its scores lead to.

    groups : (n,) of the slices that were scored; where None, their patients in as many parts as folds.
    before : as `fit_decisions` takes it.
    """
    present = slices.present(square_millimetres(parameters.threshold_px))[scored]
    centred = parameters.head in ("logistic", "softmax")
    if groups is None:
        groups = np.unique(slices.patients[scored], return_inverse=True)[1] % parameters.folds
    decisions = fit_decisions(scores, present, centred, before)
    found = decided_by_others(scores, present, groups, centred, before)
    along = None
    if slices.gap_mm is not None:
        gap_mm = slices.gap_mm[scored]
        decisions = along_scans(decisions, scores, present, gap_mm)
        along = score_along_scans(scores, present, gap_mm, groups, centred, before)
    return DetectionTraining(
        network, head, decisions, scored, scores, present, found, held_out, learned, along
    )


def fit(
    slices: SliceSet,
    chosen: NDArray[np.intp],
    head: Head,
    parameters: DetectionTrainingParameters,
    extra: SliceSet | None = None,
    start: CNNF | None = None,
    checkpoint: Path | None = None,
    progress: Progress = silent,
) -> CNNF:
    """Return a network trained on the chosen slices; `checkpoint` and errors as in `fit_module`.

    Raises
    ------
    InputError
        Also where there is one slice alone, or batches of one are to be normalised.
    """
    p = parameters
    parts = [(slices, chosen)]
    if extra is not None:
        parts.append((extra, np.arange(len(extra))))
    require_spread(slices, sum(len(indices) for _, indices in parts), p, start)
    batches = training_batches(parts, head, p)
    network = new_network(head.outputs, p)
    some = next(in_order(slices, _some(chosen, p.seed), BALANCED_ON))
    if start is not None:
        _go_on_from(network, start)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(p.seed)
            renew_idle_filters(network, some, p.renew)
    else:
        if p.oriented:
            orient_first_filters(network)
        balance_layers(network, some)
    steps = p.epochs * len(batches)
    learner = DetectionLearner(network, head, len(slices.diseases), p, steps)
    if p.normalise and start is None:
        add_batch_norm(network.features)
        add_batch_norm(network.classifier, but_last=True)
    fit_module(
        learner,
        batches,
        epochs=p.epochs,
        device=p.device,
        checkpoint=checkpoint,
        progress=progress,
    )
    network.cpu().eval()
    for row in (network.features, network.classifier):
        fold_batch_norm(row)
    return network


def _go_on_from(network: CNNF, start: CNNF) -> None:
    try:
        network.load_state_dict(start.state_dict())
    except RuntimeError as error:
        raise InputError("start", "is a network of another size or head", "Choose the same") from error


def _some(chosen: NDArray[np.intp], seed: int) -> NDArray[np.intp]:
    return np.sort(np.random.default_rng(seed).permutation(chosen)[:BALANCED_ON])


def score(
    network: nn.Module,
    head: Head,
    slices: SliceSet,
    indices: NDArray[np.intp] | None = None,
    device: str = "cpu",
    progress: Progress = silent,
) -> NDArray[np.float32]:
    """Return the scores (n, C) of the slices at these indices, all where None; seen from both sides."""
    indices = np.arange(len(slices)) if indices is None else indices
    chosen = choose_device(device)
    network = network.to(chosen).eval()
    batches = in_order(slices, indices, SCORED_AT_ONCE)
    total = -(-len(indices) // SCORED_AT_ONCE)
    with torch.inference_mode():
        found = [
            head.scores(_from_both_sides(network, images.to(chosen))).cpu().numpy()
            for images in each(batches, progress, "Scoring", total)
        ]
    return np.concatenate(found)


def _from_both_sides(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    return (network(images) + network(images.flip(3))) / 2


def network_options(parameters: DetectionTrainingParameters) -> dict[str, object]:
    """Return the arguments of `CNNF` after the number of classes."""
    return {"width": parameters.width, "dense": parameters.dense, "dropout": parameters.dropout}


def new_network(outputs: int, parameters: DetectionTrainingParameters) -> CNNF:
    """Return the untrained network that the seed decides."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(parameters.seed)
        return CNNF(outputs, **network_options(parameters))
