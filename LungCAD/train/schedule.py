"""The course of a learning rate: a short rise, then a cosine down to nothing."""

from __future__ import annotations

from torch.optim import Optimizer
from torch.optim.lr_scheduler import OneCycleLR

RISE = 0.1
"""Part of the steps in which the learning rate rises."""


def rise_and_fall(optimizer: Optimizer, highest: float, steps: int, rise: float = RISE) -> OneCycleLR:
    """Return the schedule of a training with so many steps; `highest` is the rate at the end of the rise.

    torch divides by zero where the rise is just its first step; then the second step belongs to it, too.
    """
    if rise * steps == 1:
        rise = 1.5 / steps
    return OneCycleLR(optimizer, highest, total_steps=steps, pct_start=rise, cycle_momentum=False)
