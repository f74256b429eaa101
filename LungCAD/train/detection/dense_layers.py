"""New dense layers on convolutions that are trained already: seconds instead of hours.

Enough to compare losses and targets, as all of them see the same maps.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import nn

from LungCAD.networks import CNNF
from LungCAD.train.detection.batches import in_order
from LungCAD.train.detection.heads import Head
from LungCAD.train.detection.learner import STEEPEST, WARM_UP
from LungCAD.train.detection.parameters import DetectionTrainingParameters
from LungCAD.train.detection.slices import SliceSet
from LungCAD.train.detection.training import SCORED_AT_ONCE, new_network
from LungCAD.train.epochs import epoch_seed


def last_maps(network: CNNF, slices: SliceSet) -> torch.Tensor:
    """Return the maps after the last pooling of all slices, unvaried and flattened: (N, channels * 36)."""
    with torch.no_grad():
        batches = in_order(slices, np.arange(len(slices)), SCORED_AT_ONCE)
        return torch.cat([network.eval().features(images).flatten(1) for images in batches])


def fit_dense_layers(
    network: CNNF,
    maps: torch.Tensor,
    targets: torch.Tensor,
    head: Head,
    parameters: DetectionTrainingParameters,
) -> CNNF:
    """Return a network with the convolutions of `network` and dense layers that learned from `last_maps`.

    maps, targets : of the same slices; targets as the head makes them.
    """
    p = parameters
    fresh = new_network(head.outputs, p)
    fresh.features = copy.deepcopy(network.features)
    dense = fresh.classifier.train()
    steps = max(1, len(maps) // p.batch)
    optimizer = torch.optim.AdamW(dense.parameters(), p.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, p.learning_rate, total_steps=p.epochs * steps, pct_start=WARM_UP, cycle_momentum=False
    )
    with torch.random.fork_rng(devices=[]):
        for epoch in range(p.epochs):
            torch.manual_seed(epoch_seed(p.seed, epoch))
            for chosen in torch.randperm(len(maps)).split(p.batch)[:steps]:
                optimizer.zero_grad()
                head.loss(dense(maps[chosen]), targets[chosen]).backward()
                nn.utils.clip_grad_norm_(dense.parameters(), STEEPEST)
                optimizer.step()
                schedule.step()
    return fresh.eval()
