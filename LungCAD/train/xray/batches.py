"""Radiographs in batches, varied in a way that the seed, the epoch and the film decide."""

from __future__ import annotations

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from LungCAD.images.square import Square, scaled
from LungCAD.progress import Progress, each, silent
from LungCAD.tasks.xray_input import XrayInput
from LungCAD.train.epochs import ShuffledByEpoch
from LungCAD.train.xray.parameters import XrayTrainingParameters
from LungCAD.train.xray.radiographs import Film, RadiographSet
from LungCAD.train.xray.variation import vary

SPARE = 1.4
"""Films are kept so many times as wide as the network's square: enlarging does not blur them."""

Kept = list[Film]


def load_films(films: RadiographSet, side: int, progress: Progress = silent) -> Kept:
    """Return image and mask of every film, reduced to what training on squares of that side needs."""
    return [
        _reduced(film.read(), round(side * SPARE)) for film in each(films.films, progress, "Reading films")
    ]


def _reduced(film: Film, longest: int) -> Film:
    image, mask = film
    factor = longest / max(image.shape)
    if factor >= 1:
        return film
    shape = (round(factor * image.shape[0]), round(factor * image.shape[1]))
    return scaled(image, shape), scaled(mask, shape, nearest=True)


class VariedFilms(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Images (1, side, side) and masks (side, side); every epoch shows other variations of the same films."""

    def __init__(self, films: Kept, parameters: XrayTrainingParameters, epoch: ShuffledByEpoch) -> None:
        self._films, self._choices, self._epoch = films, parameters, epoch
        self._input = XrayInput(parameters.side, parameters.equalize)

    def __len__(self) -> int:
        return len(self._films)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        film, mask = self._films[index]
        if self._choices.augment:
            rng = np.random.default_rng([self._choices.seed, self._epoch.epoch, index])
            picture, truth, inside = vary(film, mask, self._choices.side, rng)
            image = self._input.levels(picture, inside)
        else:
            square = Square.without_borders(film, self._choices.side)
            image, truth = self._input.image(film), square.put_labels(mask)
        return torch.from_numpy(image)[None], torch.from_numpy(truth).long()


def training_batches(films: Kept, parameters: XrayTrainingParameters) -> DataLoader:
    """Return the films in random order and varied; torch's global generator is left alone."""
    sampler = ShuffledByEpoch(len(films), parameters.seed)
    varied = VariedFilms(films, parameters, sampler)
    whole = len(films) > parameters.batch
    return DataLoader(varied, parameters.batch, sampler=sampler, drop_last=whole, generator=torch.Generator())
