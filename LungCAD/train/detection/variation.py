"""Slices as other patients, positions and scanners would show them; whole batches at once."""

from __future__ import annotations

import torch
from torch.nn.functional import interpolate, pad

from LungCAD.images.hounsfield import AIR_HU
from LungCAD.images.windows import Window
from LungCAD.tasks.detection_input import centred

ZOOM = (0.87, 1.15)
SHIFT_PX = 14
SHIFT_HU, NOISE_HU = 12.0, 20.0
"""Of a slice's level, a standard deviation; of the noise added to a slice, the most."""

CLIPPED = 0.99
"""Grey levels from here on up, and down to the negative, are taken for what a window clipped."""


def vary(levels: torch.Tensor, windows: tuple[Window, ...], generator: torch.Generator) -> torch.Tensor:
    """Return a variation of slices (N, windows, side, side; uint8) as the network takes them.

    All slices of a batch are zoomed alike; each is mirrored or not, moved, brightened and made noisier by
    itself. Grey levels that a window had clipped stay clipped.
    """
    count, channels, side, _ = levels.shape
    zoom = ZOOM[0] + (ZOOM[1] - ZOOM[0]) * _random(1, generator).item()
    images = interpolate(centred(levels), scale_factor=zoom, mode="bilinear", antialias=True)
    per_hu = torch.tensor([2 / (high - low) for low, high in windows])[:, None, None]
    air = ((AIR_HU - torch.tensor([low for low, _ in windows]))[:, None, None] * per_hu - 1).clamp(-1, 1)
    margin = SHIFT_PX + max(0, (side - images.shape[-1] + 1) // 2)
    images = pad(images - air, [margin] * 4) + air

    middle = (images.shape[-1] - side) // 2
    moves = torch.randint(-SHIFT_PX, SHIFT_PX + 1, (count, 2), generator=generator) + middle
    mirrored = _random(count, generator) < 0.5
    varied = torch.empty(count, channels, side, side)
    for image, (top, left), mirror, target in zip(images, moves.tolist(), mirrored, varied, strict=True):
        part = image[:, top : top + side, left : left + side]
        target.copy_(part.flip(2) if mirror else part)

    free = varied.abs() < CLIPPED
    shift = SHIFT_HU * torch.randn(count, 1, 1, 1, generator=generator)
    noise = NOISE_HU * _random((count, 1, 1, 1), generator)
    grain = torch.randn(count, 1, side, side, generator=generator)
    change = (shift + noise * grain) * per_hu
    return varied.add_(change.mul_(free)).clamp_(-1, 1)


def _random(size: int | tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    return torch.rand(size, generator=generator)
