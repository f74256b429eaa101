"""Slices in batches, varied in a way that the seed and the epoch decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from LungCAD.tasks.detection_input import centred
from LungCAD.train.detection.parameters import DetectionTrainingParameters
from LungCAD.train.detection.slices import SliceSet
from LungCAD.train.detection.variation import vary
from LungCAD.train.epochs import ShuffledByEpoch, epoch_seed

Batch = tuple[torch.Tensor, torch.Tensor]
"""Images (n, 3, side, side) as the network takes them, and their targets (n, ...)."""


class SliceBatches(Dataset[Batch]):
    """Every epoch shows other variations of the same slices. indices : which slices of each set take part."""

    def __init__(
        self,
        sets: Sequence[tuple[SliceSet, NDArray[np.intp]]],
        targets: Sequence[torch.Tensor],
        parameters: DetectionTrainingParameters,
        epoch: ShuffledByEpoch,
    ) -> None:
        self._images = [one.images for one, _ in sets]
        self._places = np.concatenate(
            [np.stack([np.full(len(chosen), n), chosen], 1) for n, (_, chosen) in enumerate(sets)]
        )
        self._targets = torch.cat(
            [target[torch.from_numpy(chosen)] for target, (_, chosen) in zip(targets, sets, strict=True)]
        )
        self._windows = sets[0][0].input.windows
        self._choices, self._epoch = parameters, epoch

    def __len__(self) -> int:
        return len(self._places)

    def __getitems__(self, indices: list[int]) -> Batch:
        """Return the slices at these places of the order as one batch; chance decides by the first."""
        levels = np.stack([self._images[n][row] for n, row in self._places[indices]])
        images = torch.from_numpy(levels)
        if not self._choices.augment:
            return centred(images), self._targets[indices]
        generator = torch.Generator()
        generator.manual_seed(epoch_seed(self._choices.seed + indices[0] + 1, self._epoch.epoch))
        return vary(images, self._windows, generator), self._targets[indices]


def training_batches(
    sets: Sequence[tuple[SliceSet, NDArray[np.intp]]],
    targets: Sequence[torch.Tensor],
    parameters: DetectionTrainingParameters,
) -> DataLoader:
    """Return the chosen slices of all sets in random order; torch's global generator is left alone."""
    count = sum(len(chosen) for _, chosen in sets)
    sampler = ShuffledByEpoch(count, parameters.seed)
    data = SliceBatches(sets, targets, parameters, sampler)
    whole = count > parameters.batch
    return DataLoader(data, parameters.batch, sampler=sampler, collate_fn=_as_it_is, drop_last=whole)


def in_order(slices: SliceSet, indices: NDArray[np.intp], batch: int) -> Iterator[torch.Tensor]:
    """Yield the slices as the network takes them, unvaried."""
    for start in range(0, len(indices), batch):
        yield centred(torch.from_numpy(np.asarray(slices.images[indices[start : start + batch]])))


def _as_it_is(batch: Batch) -> Batch:
    return batch
