"""How projections become what a network sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import interpolate

LEAST_VARIANCE = 1e-4
"""Of grey levels, so that a picture of one level stays one."""

MEANS = 3
"""Channels of average intensities, as published."""

SHARE_LEVELS = 4.0
"""Of what fills a ray over that of what is not there: as wide as standardised averages."""

LARGEST = 4.0
"""Standard deviations at most: with the long tails of nearly even pictures no network learned."""


@dataclass(frozen=True)
class PictureInput:
    """Pictures of `side` x `side` pixels, grey levels -1 to 1.

    standardise : instead bring the rays of each picture and channel that meet something to mean 0 and
        variance 1. How deep the breath was no longer shows, what differs from the rest does.
    empty : standardised level of rays that meet nothing.
    shares : pictures of regions have six channels, `Projections.shares` the last three.
    amounts : shares are not standardised: how much dense tissue a region has shows, not only where it has
        more than elsewhere.
    """

    side: int = 224
    standardise: bool = False
    empty: float = 0.0
    shares: bool = False
    amounts: bool = False

    def images(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return pictures (N, 1, 3 or 6, Y, X; 0..1) as (N, 3 or 6, side, side)."""
        return self.resized(self.levels(pictures))

    def levels(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return the levels (N, 1, 3 or 6, Y, X) of pictures (0..1) as a network takes them."""
        pictures = pictures.float()
        if not self.standardise:
            return 2 * pictures - 1
        means, shares = pictures[:, :MEANS], pictures[:, MEANS:]
        levels = _standardised(means, means > 0, self.empty)
        if self.amounts:
            return torch.cat([levels, SHARE_LEVELS * (shares - 0.5)], dim=1)
        # A share of 0 says something wherever a ray meets the lung at all.
        inside = (shares > 0).any(1, keepdim=True).expand_as(shares)
        return torch.cat([levels, _standardised(shares, inside, self.empty)], dim=1)

    def resized(self, levels: torch.Tensor) -> torch.Tensor:
        """Return levels (N, 1, 3 or 6, Y, X) as (N, 3 or 6, side, side)."""
        size = (self.side, self.side)
        resized = interpolate(levels, size, mode="bilinear", antialias=True, align_corners=False)
        return resized.expand(-1, self.channels, -1, -1)

    @property
    def channels(self) -> int:
        """Of what a network sees."""
        return 2 * MEANS if self.shares else MEANS

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> PictureInput:
        """Return the input that weight files carry as plain data; ValueError when it is none."""
        try:
            return cls(
                int(data["side"]),
                bool(data.get("standardise", False)),
                float(data.get("empty", 0.0)),
                bool(data.get("shares", False)),
                bool(data.get("amounts", False)),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"data {dict(data)} does not describe projections") from error


def _standardised(pictures: torch.Tensor, inside: torch.Tensor, empty: float) -> torch.Tensor:
    count = inside.sum((2, 3), keepdim=True).clamp(min=1)
    mean = pictures.sum((2, 3), keepdim=True) / count
    away = torch.where(inside, pictures - mean, 0.0)
    deviation = ((away**2).sum((2, 3), keepdim=True) / count + LEAST_VARIANCE).sqrt()
    return torch.where(inside, (away / deviation).clamp(-LARGEST, LARGEST), empty)
