"""Slices one by one, varied in a way that the seed, the epoch and the slice decide."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import distributed
from torch.utils.data import DataLoader, Dataset

from LungCAD.tasks.ild_input import MULTIPLES_PX
from LungCAD.train.epochs import ShuffledByEpoch
from LungCAD.train.ild.loss import OUTSIDE
from LungCAD.train.ild.parameters import IldTrainingParameters
from LungCAD.train.ild.slices import LungSlice, SliceSet
from LungCAD.train.scanners import as_another_scanner

Batch = tuple[torch.Tensor, torch.Tensor]
"""Image (1, 1, Y, X), 0..1, and targets (1, Y, X), int64, of one slice."""


class SlicesByEpoch(ShuffledByEpoch):
    """So many slices in random order, each once where `most` is 0; processes that train together share them.

    Where `most` is more than there are, numbers from `count` on mean the same slices once more.
    """

    def __init__(self, count: int, most: int, seed: int) -> None:
        super().__init__(max(count, most), seed)
        self._most = most or count

    def __iter__(self) -> Iterator[int]:
        rank, processes = _place()
        # All processes take equally many steps: they wait for each other in every one.
        return islice(super().__iter__(), rank, len(self) * processes, processes)

    def __len__(self) -> int:
        return max(1, self._most // _place()[1])


class VariedSlices(Dataset[Batch]):
    """Every epoch shows other variations of the same slices."""

    def __init__(self, data: SliceSet, parameters: IldTrainingParameters, order: SlicesByEpoch) -> None:
        self._data, self._choices, self._order = data, parameters, order

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, index: int) -> Batch:
        p = self._choices
        one = self._data.slices[index % len(self._data)]
        rng = np.random.default_rng([p.seed, self._order.epoch, index])
        hu, targets = one.hu, one.targets
        if p.window and self._order.epoch < round(p.epochs * (1 - p.whole)):
            box = random_window(targets, p.window, rng)
            hu, targets = hu[box], targets[box]
        if p.augment:
            turns, flip = int(rng.integers(4)), bool(rng.integers(2))
            hu, targets = (_oriented(plane, turns, flip) for plane in (hu, targets))
        if p.scanners:
            hu = as_another_scanner(hu[None].astype(np.float32), rng)[0]
        return as_batch(self._data.input.image(hu), targets, multiple_px(p))


class WholeSlices(Dataset[Batch]):
    """The slices as they are; `multiple` as `as_batch` takes it."""

    def __init__(self, data: SliceSet, multiple: int) -> None:
        self._data, self._multiple = data, multiple

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, index: int) -> Batch:
        one: LungSlice = self._data.slices[index]
        return as_batch(self._data.input.image(one.hu), one.targets, self._multiple)


def training_batches(data: SliceSet, parameters: IldTrainingParameters) -> DataLoader:
    """Return the slices in random order and varied; torch's global generator is left alone."""
    order = SlicesByEpoch(len(data), parameters.epoch_slices, parameters.seed)
    return DataLoader(VariedSlices(data, parameters, order), batch_size=None, sampler=order)


def ordered_batches(data: SliceSet, parameters: IldTrainingParameters, shared: bool = False) -> DataLoader:
    """Return the slices in their own order; `shared` : processes that train together get a part each."""
    rank, processes = _place() if shared else (0, 1)
    slices = WholeSlices(data, multiple_px(parameters))
    return DataLoader(slices, batch_size=None, sampler=range(rank, len(data), processes))


def multiple_px(parameters: IldTrainingParameters) -> int:
    """Return of what the sides of an image must be multiples."""
    return MULTIPLES_PX.get(parameters.architecture, 1)


def as_batch(image: NDArray, targets: NDArray, multiple: int) -> Batch:
    """Fill an image (Y, X) up with air, its targets with `OUTSIDE`; returns tensors of one slice."""
    spare = [(0, -length % multiple) for length in image.shape]
    padded = np.pad(image, spare), np.pad(targets.astype(np.int64), spare, constant_values=OUTSIDE)
    return torch.from_numpy(padded[0])[None, None], torch.from_numpy(padded[1])[None]


def random_window(targets: NDArray, width: int, rng: np.random.Generator) -> tuple[slice, slice]:
    """Return rows and columns of a window about a labelled pixel, within the slice.

    All classes of the slice are as likely: most of a lung is healthy.
    """
    places = np.argwhere(targets == rng.choice(np.unique(targets[targets >= 0])))
    pixel = places[rng.integers(len(places))]
    starts = (
        int(np.clip(at - rng.integers(width), 0, max(length - width, 0)))
        for at, length in zip(pixel, targets.shape, strict=True)
    )
    rows, columns = (slice(start, start + width) for start in starts)
    return rows, columns


def _oriented(plane: NDArray, turns: int, flip: bool) -> NDArray:
    turned = np.rot90(plane, turns)
    return np.ascontiguousarray(turned[:, ::-1] if flip else turned)


def _place() -> tuple[int, int]:
    """Return this process's number and how many train together."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1
