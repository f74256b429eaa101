"""New dense layers on convolutions that are trained already: seconds instead of hours.

The dense layers of CNN-F know every place of the last maps by itself and so learn a few hundred patients by
heart. Maps are cheap to move, to mirror and to put together from two slices: that keeps them from it.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from LungCAD.networks import CNNF
from LungCAD.networks.batch_norm import add_batch_norm, fold_batch_norm
from LungCAD.progress import Progress, each, part, silent
from LungCAD.train.detection.batches import in_order
from LungCAD.train.detection.heads import Head, make_head
from LungCAD.train.detection.learner import STEEPEST
from LungCAD.train.detection.parameters import DetectionTrainingParameters
from LungCAD.train.detection.slices import CELL_PX, CELLS, SliceSet, join
from LungCAD.train.detection.splitting import chosen_folds
from LungCAD.train.detection.start import require_spread
from LungCAD.train.detection.training import SCORED_AT_ONCE, DetectionTraining, decided, new_network, score
from LungCAD.train.epochs import epoch_seed
from LungCAD.train.schedule import rise_and_fall

MOST_MOVED = 2
"""Places by which maps are moved along either axis; one is 23 mm."""

MIXED = 0.5
"""Part of the maps whose right side is another slice's."""


def train_dense_layers(
    slices: SliceSet,
    parameters: DetectionTrainingParameters,
    start: CNNF,
    extra: SliceSet | None = None,
    progress: Progress = silent,
) -> DetectionTraining:
    """Return a network with the convolutions of `start`; its dense layers learned from all folds but one.

    That fold decides the thresholds; `start` must not have seen its patients, `extra` is not scored.
    """
    p = parameters
    fold = chosen_folds(slices, p)
    held_out = fold == fold.min()
    everything = slices if extra is None else join([slices, extra])
    chosen = np.concatenate([np.flatnonzero(~held_out), np.arange(len(slices), len(everything))])
    head = make_head(p, slices)
    progress(0.0, "Looking at the slices")
    maps = last_maps(start, everything)
    network = fit_dense_layers(start, maps, everything, chosen, head, p, part(progress, 0.2, 1.0))
    scored = np.flatnonzero(held_out)
    scores = score(network, head, slices, scored)
    held_out = f"1 of {len(np.unique(fold))} folds by patient was held out"
    return decided(network, head, slices, p, scored, scores, held_out)


def last_maps(network: CNNF, slices: SliceSet) -> torch.Tensor:
    """Return the maps before the last pooling of all slices, unvaried: (N, channels, 13, 13), float16."""
    layers = [layer for name, layer in network.features.named_children() if name != "pool5"]
    body = nn.Sequential(*layers).eval()
    with torch.no_grad():
        batches = in_order(slices, np.arange(len(slices)), SCORED_AT_ONCE)
        return torch.cat([body(images).half() for images in batches])


def dense_outputs(network: CNNF, maps: torch.Tensor) -> torch.Tensor:
    """Return the network's outputs (N, classes) for its `last_maps`."""
    return network.classifier(network.features.pool5(maps.float()).flatten(1))


def fit_dense_layers(
    network: CNNF,
    maps: torch.Tensor,
    slices: SliceSet,
    chosen: NDArray[np.intp],
    head: Head,
    parameters: DetectionTrainingParameters,
    progress: Progress = silent,
) -> CNNF:
    """Return the convolutions of `network` with dense layers that learned anew, from the chosen slices.

    maps : `last_maps` of all slices. Two slices are mixed only where it is known what their cells show.

    Raises
    ------
    InputError
        There is one slice alone, or batches of one are to be normalised.
    """
    p = parameters
    require_spread(slices, len(chosen), p)
    fresh = new_network(head.outputs, p)
    fresh.features = copy.deepcopy(network.features)
    if p.normalise:
        add_batch_norm(fresh.classifier, but_last=True)
    fresh.classifier.train()
    steps = max(1, len(chosen) // p.batch)
    optimizer = torch.optim.AdamW(fresh.classifier.parameters(), p.learning_rate)
    schedule = rise_and_fall(optimizer, p.learning_rate, p.epochs * steps)
    with torch.random.fork_rng(devices=[]):
        for epoch in each(range(p.epochs), progress, "Learning dense layers"):
            rng = np.random.default_rng([p.seed, epoch])
            torch.manual_seed(epoch_seed(p.seed, epoch))
            for batch in np.array_split(rng.permutation(chosen), steps):
                own, areas = maps[batch], slices.areas[batch]
                if p.augment:
                    own, areas = _varied(own, areas, slices, batch, rng)
                optimizer.zero_grad()
                head.loss(dense_outputs(fresh, own), head.targets(areas)).backward()
                nn.utils.clip_grad_norm_(fresh.classifier.parameters(), STEEPEST)
                optimizer.step()
                schedule.step()
    fresh.eval()
    fold_batch_norm(fresh.classifier)
    return fresh


def _varied(
    maps: torch.Tensor,
    areas: NDArray[np.float32],
    slices: SliceSet,
    batch: NDArray[np.intp],
    rng: np.random.Generator,
) -> tuple[torch.Tensor, NDArray[np.float32]]:
    """Return maps mixed, mirrored and moved, and what they show in mm2."""
    if slices.cells is not None and rng.random() < MIXED:
        partner, column = rng.permutation(len(batch)), int(rng.integers(4, CELLS - 3))
        maps = torch.cat([maps[..., :column], maps[partner][..., column:]], dim=3)
        cells = slices.cells[batch][:, 1:-1]
        shares = np.concatenate([cells[..., :column], cells[partner][..., column:]], axis=3)
        areas = (shares.sum((2, 3)) / 255 * _cell_mm2(slices)).astype(np.float32)
    if rng.random() < 0.5:
        maps = maps.flip(3)
    down, right = rng.integers(-MOST_MOVED, MOST_MOVED + 1, 2).tolist()
    return maps.roll((down, right), (2, 3)), areas


def _cell_mm2(slices: SliceSet) -> float:
    return (CELL_PX * slices.input.field_mm / slices.input.side) ** 2
