"""Chance that depends on the seed and the epoch's number alone.

So a training that was broken off goes on as if it had not been.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from torch.utils.data import Sampler


class ShuffledByEpoch(Sampler[int]):
    """Every index below `count` once; Lightning tells it the epoch."""

    def __init__(self, count: int, seed: int) -> None:
        self._count, self._seed = count, seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of that epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        # A generator, so that the epoch is looked up when the first index is wanted: where training goes on
        # from a checkpoint, Lightning asks for the iterator before it tells the epoch.
        yield from np.random.default_rng([self._seed, self.epoch]).permutation(self._count).tolist()

    def __len__(self) -> int:
        return self._count


def epoch_seed(seed: int, epoch: int) -> int:
    """Return a seed for one epoch, unlike those of other epochs and other seeds."""
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])
