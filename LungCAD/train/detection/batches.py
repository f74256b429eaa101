"""Slices in batches, varied in a way that the seed and the epoch decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from LungCAD.tasks.detection_input import centred
from LungCAD.train.detection.heads import Head
from LungCAD.train.detection.parameters import DetectionTrainingParameters
from LungCAD.train.detection.slices import SliceSet
from LungCAD.train.detection.variation import Pose, vary
from LungCAD.train.epochs import ShuffledByEpoch, epoch_seed

Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]
"""Images (n, 3, side, side) as the network takes them, the head's targets (n, ...), and cells (0..1)."""

Part = tuple[SliceSet, NDArray[np.intp]]
"""A set, and which of its slices take part."""


class SliceBatches(Dataset[Batch]):
    """Every epoch shows other variations of the same slices; cells are None where a set has none."""

    def __init__(
        self,
        parts: Sequence[Part],
        head: Head,
        parameters: DetectionTrainingParameters,
        epoch: ShuffledByEpoch,
    ) -> None:
        self._sets = [one for one, _ in parts]
        self._places = np.concatenate(
            [np.stack([np.full(len(chosen), n), chosen], 1) for n, (_, chosen) in enumerate(parts)]
        )
        self._areas = np.concatenate([one.areas[chosen] for one, chosen in parts])
        self._head = head
        self._local = parameters.local > 0 and all(one.cells is not None for one in self._sets)
        self._choices, self._epoch = parameters, epoch

    def __len__(self) -> int:
        return len(self._places)

    def __getitems__(self, indices: list[int]) -> Batch:
        """Return the slices at these places of the order as one batch; chance decides by the first."""
        places = self._places[indices]
        levels = torch.from_numpy(np.stack([self._sets[n].images[row] for n, row in places]))
        areas, cells = self._areas[indices], self._cells(places)
        if not self._choices.augment:
            return centred(levels), self._head.targets(areas), cells
        generator = torch.Generator()
        generator.manual_seed(epoch_seed(self._choices.seed + indices[0] + 1, self._epoch.epoch))
        side = levels.shape[-1]
        pose = Pose.draw(len(levels), side, generator)
        if cells is not None:
            cells = pose.cells(cells, side)
        # What is magnified is a larger lesion: whether it counts as present depends on its area.
        targets = self._head.targets(areas * np.float32(pose.zoom**2))
        windows = self._sets[0].input.windows
        return vary(levels, windows, pose, generator, self._choices.drift), targets, cells

    def _cells(self, places: NDArray[np.intp]) -> torch.Tensor | None:
        if not self._local:
            return None
        return torch.from_numpy(np.stack([self._sets[n].cells[row] for n, row in places])).float().div_(255)


def training_batches(
    parts: Sequence[Part], head: Head, parameters: DetectionTrainingParameters
) -> DataLoader:
    """Return the chosen slices of all sets in random order; torch's global generator is left alone."""
    count = sum(len(chosen) for _, chosen in parts)
    sampler = ShuffledByEpoch(count, parameters.seed)
    data = SliceBatches(parts, head, parameters, sampler)
    whole = count > parameters.batch
    return DataLoader(
        data,
        parameters.batch,
        sampler=sampler,
        collate_fn=_as_it_is,
        drop_last=whole,
        generator=torch.Generator(),
    )


def in_order(slices: SliceSet, indices: NDArray[np.intp], batch: int) -> Iterator[torch.Tensor]:
    """Yield the slices as the network takes them, unvaried."""
    for start in range(0, len(indices), batch):
        yield centred(torch.from_numpy(np.asarray(slices.images[indices[start : start + batch]])))


def _as_it_is(batch: Batch) -> Batch:
    return batch
