"""The training of the texture network as a Lightning module."""

from __future__ import annotations

import math

import torch
from lightning.pytorch import LightningModule
from torch import nn
from torch.nn.functional import cross_entropy

from LungCAD.train.schedule import rise_and_fall
from LungCAD.train.texture.episodes import Episode
from LungCAD.train.texture.parameters import TextureTrainingParameters
from LungCAD.train.texture.scans import CODES
from LungCAD.unary.texture import texture_images

LEAST_CLASS_PX = 200
"""A class that shows less weighs less."""

LEAST_ASKED_PX = 500
NAMING = 0.5
"""Weight of the textures' names in the loss."""

FIRST_LOG_SCALE = -2.5
"""Of squared distances in the logits; learned."""

WARM_UP = 100
"""Steps in which the learning rate rises."""


class TextureLearner(LightningModule):
    """Prototypical networks (Snell et al., NeurIPS 2017), a prototype being the mean of its regions' means.

    Beside it, a linear layer learns to call the textures by name: that speeds up the beginning.

    Parameters
    ----------
    network : descriptions (N, F, Y / 2, X / 2) of images.
    """

    def __init__(self, network: nn.Module, parameters: TextureTrainingParameters) -> None:
        super().__init__()
        self.network = network.to(memory_format=torch.channels_last)
        self.names = nn.Linear(parameters.dimensions, len(CODES) + 1)
        self.log_scale = nn.Parameter(torch.tensor(FIRST_LOG_SCALE))
        self._choices = parameters

    def training_step(self, episode: Episode, index: int) -> torch.Tensor | None:
        """Return the loss of an episode; None where it asks nothing."""
        described = self._described(episode)
        asked = self.asked(described, episode)
        if asked is None:
            return None
        return balanced_cross_entropy(*asked) + NAMING * self._naming_loss(described, episode.labels)

    def accuracy(self, episode: Episode) -> float | None:
        """Return the balanced accuracy in an episode; None where it asks nothing."""
        asked = self.asked(self._described(episode), episode)
        if asked is None:
            return None
        logits, truth = asked
        hits = logits.argmax(1) == truth
        return float(torch.stack([hits[truth == c].float().mean() for c in truth.unique()]).mean())

    def asked(self, described: torch.Tensor, episode: Episode) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Return logits (Q, C) and truth (Q,) of all pixels of drawn classes but the drawn ones."""
        classes, own = episode.classes.unique(return_inverse=True)
        position = torch.full((256,), -1, device=own.device)
        position[classes] = torch.arange(len(classes), device=own.device)
        truth = torch.where(episode.regions > 0, -1, position[episode.labels])
        known = truth >= 0
        if len(classes) < 2 or known.sum() < LEAST_ASKED_PX:
            return None
        means = class_means(region_means(described, episode.regions, len(own)), own)
        q = described[known]
        squares = (q**2).sum(1, keepdim=True) - 2 * q @ means.T + (means**2).sum(1)
        return -self.log_scale.exp() * squares, truth[known]

    def metric_network(self) -> nn.Module:
        """Return the network, scaled so that a class has variance one about its mean."""
        factor = (2 * self.log_scale.exp()).sqrt()
        with torch.no_grad():
            for tensor in self.network.head.parameters():
                tensor *= factor
            self.log_scale.fill_(math.log(0.5))
        return self.network.eval()

    def _described(self, episode: Episode) -> torch.Tensor:
        return self.network(texture_images(episode.hu, episode.lung)).permute(0, 2, 3, 1)

    def _naming_loss(self, described: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the loss of choosing among the names that this scan knows."""
        known = labels > 0
        names, truth = labels[known].unique(return_inverse=True)
        return balanced_cross_entropy(self.names(described[known])[:, names], truth)

    def configure_optimizers(self) -> dict[str, object]:
        """Return the optimiser and its schedule: a short warm-up, then a cosine from step to step."""
        p = self._choices
        optimizer = torch.optim.AdamW(self.parameters(), lr=p.learning_rate, weight_decay=p.weight_decay)
        rise = min(WARM_UP / p.episodes, 0.5)
        schedule = rise_and_fall(optimizer, p.learning_rate, p.episodes + 1, rise)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def balanced_cross_entropy(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Return the cross entropy of logits (Q, C) in which every class weighs the same, rare ones less."""
    counts = truth.bincount(minlength=logits.shape[1])
    weights = torch.where(counts > 0, 1 / counts.clamp(min=LEAST_CLASS_PX), 0.0)
    return cross_entropy(logits, truth, weight=weights)


def region_means(described: torch.Tensor, regions: torch.Tensor, count: int) -> torch.Tensor:
    """Return the mean description (R, F) of each region; (N, Y, X, F) and numbers (N, Y, X) from 1 on."""
    drawn = regions > 0
    number = regions[drawn] - 1
    sums = described.new_zeros(count, described.shape[-1]).index_add(0, number, described[drawn])
    return sums / number.bincount(minlength=count).clamp(min=1)[:, None]


def class_means(means: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Return the mean (C, F) of the regions' means (R, F) of each class 0..C-1."""
    sums = means.new_zeros(int(classes.max()) + 1, means.shape[1]).index_add(0, classes, means)
    return sums / classes.bincount()[:, None]
