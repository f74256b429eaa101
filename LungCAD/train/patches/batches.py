"""Patches in batches, in an order that the seed and the epoch's number decide."""

from __future__ import annotations

import torch
from torch.utils.data import DataLoader, TensorDataset

from LungCAD.train.epochs import ShuffledByEpoch
from LungCAD.train.patches.patch_set import PatchSet


def training_batches(data: PatchSet, batch: int, seed: int) -> DataLoader:
    """Return the patches and labels in random order; torch's global generator is left alone."""
    sampler = ShuffledByEpoch(len(data), seed)
    return DataLoader(_tensors(data), batch, sampler=sampler, generator=torch.Generator())


def ordered_batches(data: PatchSet, batch: int) -> DataLoader:
    """Return the patches and labels in their own order."""
    return DataLoader(_tensors(data), batch)


def _tensors(data: PatchSet) -> TensorDataset:
    return TensorDataset(torch.from_numpy(data.hu), torch.from_numpy(data.labels))
