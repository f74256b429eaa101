"""Train the texture network on phantoms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

from LungCAD.networks import TextureNet
from LungCAD.parallel import process_map
from LungCAD.progress import Progress, each, part, silent
from LungCAD.train.lightning_run import fit_module
from LungCAD.train.texture.episodes import Episodes
from LungCAD.train.texture.learner import TextureLearner
from LungCAD.train.texture.parameters import TextureTrainingParameters
from LungCAD.train.texture.scans import make_scan

MEASURED_EPISODES = 200


@dataclass(frozen=True)
class TextureTraining:
    """The network, and its balanced accuracy in episodes of phantoms that it had not seen: mean and SD."""

    network: nn.Module
    accuracy: float
    spread: float


def train_texture(
    parameters: TextureTrainingParameters, progress: Progress = silent, workers: int = 1
) -> TextureTraining:
    """Make the phantoms, train, measure; equal parameters give equal networks on one kind of CPU.

    workers : processes that make the phantoms, as in `process_map`.

    Raises
    ------
    InputError
        The device is not to be had.
    Cancelled
        From `progress`.
    """
    p = parameters
    seeds = range(p.first_seed, p.first_seed + p.studies + p.held_out)
    scans = list(process_map(make_scan, seeds, workers, part(progress, 0.0, 0.3), "Making phantoms"))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(p.seed)
        learner = TextureLearner(TextureNet(p.dimensions), p)
    episodes = Episodes(scans[: p.studies], p.episodes, p.crops, p.crop, p.seed)
    batches = DataLoader(episodes, batch_size=None)
    fit_module(learner, batches, epochs=1, device=p.device, progress=part(progress, 0.3, 0.95))

    unseen = Episodes(scans[p.studies :], MEASURED_EPISODES, p.crops, p.crop, p.seed + 1)
    with torch.inference_mode():
        accuracies = [
            learner.accuracy(unseen[i])
            for i in each(range(len(unseen)), part(progress, 0.95, 1.0), "Measuring")
        ]
    known = [accuracy for accuracy in accuracies if accuracy is not None]
    return TextureTraining(learner.metric_network(), float(np.mean(known)), float(np.std(known)))
