"""How a patch of HU becomes the image that a network sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import interpolate

from LungCAD.images import GAO

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_SD = (0.229, 0.224, 0.225)
"""Of red, green and blue in 0..1, as the official weights expect them."""

Colours = tuple[float, float, float]

ABSENT = {"mean": IMAGENET_MEAN, "sd": IMAGENET_SD}
"""What holds for files that say nothing of it."""


@dataclass(frozen=True)
class PatchInput:
    """Three HU windows as colours, scaled to the network's width and normalised as for ImageNet (Gao 2016).

    patch_px : width of a patch in pixels of the slice. image_px : width that the network is given.
    mean, sd : that the colours, 0..1, are normalised by.
    """

    patch_px: int = 32
    image_px: int = 224
    windows: tuple[tuple[float, float], ...] = GAO
    mean: Colours = IMAGENET_MEAN
    sd: Colours = IMAGENET_SD

    def images(self, hu: torch.Tensor) -> torch.Tensor:
        """Return images (N, 3, image_px, image_px), float32, of patches (N, patch_px, patch_px) in HU."""
        low, high = (
            torch.tensor(ends, dtype=torch.float32, device=hu.device)[:, None, None]
            for ends in zip(*self.windows, strict=True)
        )
        colours = ((hu[:, None].float() - low) / (high - low)).clamp(0, 1)
        if self.image_px != self.patch_px:
            colours = interpolate(colours, size=self.image_px, mode="bilinear", align_corners=False)
        mean, sd = (colours.new_tensor(values)[:, None, None] for values in (self.mean, self.sd))
        return (colours - mean) / sd

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> PatchInput:
        """Return the input that weight files carry as plain data; ValueError when it is none."""
        try:
            windows = tuple((float(low), float(high)) for low, high in data["windows"])
            mean, sd = (tuple(map(float, data.get(key, own))) for key, own in ABSENT.items())
            return cls(int(data["patch_px"]), int(data["image_px"]), windows, mean, sd)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"data {dict(data)} does not describe patches") from error
