"""How projections become what a network sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import interpolate


@dataclass(frozen=True)
class PictureInput:
    """Pictures of `side` x `side` pixels, grey levels -1 to 1."""

    side: int = 224

    def images(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return pictures (N, 1 or 3, Y, X; 0..1) as (N, 3, side, side)."""
        size = (self.side, self.side)
        resized = interpolate(pictures.float(), size, mode="bilinear", antialias=True, align_corners=False)
        return (2 * resized - 1).expand(-1, 3, -1, -1)

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> PictureInput:
        """Return the input that weight files carry as plain data; ValueError when it is none."""
        try:
            return cls(int(data["side"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"data {dict(data)} does not describe projections") from error
