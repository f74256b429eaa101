"""Patches in batches, in an order that the seed and the epoch's number decide."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch.utils.data import DataLoader, Sampler, TensorDataset

from LungCAD.train.patches.patch_set import PatchSet


class ShuffledByEpoch(Sampler[int]):
    """Every index below `count` once; Lightning tells it the epoch."""

    def __init__(self, count: int, seed: int) -> None:
        self._count, self._seed, self._epoch = count, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of that epoch."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        return iter(np.random.default_rng([self._seed, self._epoch]).permutation(self._count).tolist())

    def __len__(self) -> int:
        return self._count


def training_batches(data: PatchSet, batch: int, seed: int) -> DataLoader:
    """Return the patches and labels in random order; torch's global generator is left alone."""
    sampler = ShuffledByEpoch(len(data), seed)
    return DataLoader(_tensors(data), batch, sampler=sampler, generator=torch.Generator())


def ordered_batches(data: PatchSet, batch: int) -> DataLoader:
    """Return the patches and labels in their own order."""
    return DataLoader(_tensors(data), batch)


def _tensors(data: PatchSet) -> TensorDataset:
    return TensorDataset(torch.from_numpy(data.hu), torch.from_numpy(data.labels))
