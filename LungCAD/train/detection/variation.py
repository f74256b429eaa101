"""Slices as other patients, positions and scanners would show them; whole batches at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn.functional import grid_sample, interpolate, pad

from LungCAD.images.hounsfield import AIR_HU
from LungCAD.images.windows import Window
from LungCAD.tasks.detection_input import centred
from LungCAD.train.detection.slices import CELL_PX, CELLS, FIRST_CELL_PX

ZOOM = (0.87, 1.15)
SHIFT_PX = 14
SHIFT_HU, NOISE_HU = 12.0, 20.0
"""Of a slice's level, a standard deviation; of the noise added to a slice, the most."""

DRIFTS = 4
"""Values of a drift of density along either side of a slice; it is smooth between them."""

NO_LUNG_HU, LUNG_HU = (-1000.0, -300.0), (-950.0, -500.0)
"""A drift leaves what is beyond the former as it is, and moves what lies between the latter in full."""

CLIPPED = 0.99
"""Grey levels from here on up, and down to the negative, are taken for what a window clipped."""


@dataclass(frozen=True)
class Pose:
    """How a batch of N squares is shown: all zoomed alike, each moved (N, 2) and mirrored (N,) or not.

    A pixel p of a square shows what was at (p + move + 0.5) / zoom - 0.5, mirrored squares counted from the
    right.
    """

    zoom: float
    moves: torch.Tensor
    mirrored: torch.Tensor

    @classmethod
    def draw(cls, count: int, side: int, generator: torch.Generator) -> Pose:
        """Return a random pose about the middle."""
        zoom = ZOOM[0] + (ZOOM[1] - ZOOM[0]) * torch.rand(1, generator=generator).item()
        middle = round((int(zoom * side) - side) / 2)
        moves = torch.randint(-SHIFT_PX, SHIFT_PX + 1, (count, 2), generator=generator) + middle
        return cls(zoom, moves, torch.rand(count, generator=generator) < 0.5)

    def images(self, images: torch.Tensor, outside: torch.Tensor) -> torch.Tensor:
        """Return images (N, channels, side, side); `outside` (channels, 1, 1) is what lies beyond them."""
        side = images.shape[-1]
        zoomed = interpolate(images, scale_factor=self.zoom, mode="bilinear", antialias=True)
        margin = SHIFT_PX + abs(zoomed.shape[-1] - side)
        zoomed = pad(zoomed - outside, [margin] * 4) + outside
        shown = torch.empty_like(images)
        starts = (self.moves + margin).tolist()
        for image, (top, left), mirror, target in zip(zoomed, starts, self.mirrored, shown, strict=True):
            part = image[:, top : top + side, left : left + side]
            target.copy_(part.flip(2) if mirror else part)
        return shown

    def cells(self, cells: torch.Tensor, side: int) -> torch.Tensor:
        """Return cells (N, channels, 13, 13) of the squares in the same pose, interpolated; 0 beyond them."""
        pixels = FIRST_CELL_PX + CELL_PX * torch.arange(CELLS, dtype=torch.float32)
        columns = torch.where(self.mirrored[:, None], side - 1 - pixels, pixels)
        rows = pixels.expand(len(cells), -1)
        row, column = (
            2 * ((place + move[:, None] + 0.5) / self.zoom - 0.5 - FIRST_CELL_PX) / (CELL_PX * (CELLS - 1))
            - 1
            for place, move in zip((rows, columns), self.moves.T, strict=True)
        )
        x, y = torch.broadcast_tensors(column[:, None, :], row[:, :, None])
        return grid_sample(cells, torch.stack([x, y], dim=3), align_corners=True)


def vary(
    levels: torch.Tensor,
    windows: tuple[Window, ...],
    pose: Pose,
    generator: torch.Generator,
    drift_hu: float = 0.0,
) -> torch.Tensor:
    """Return slices (N, windows, side, side; uint8) in a pose, of another level and noisier, in -1..1.

    Grey levels that a window had clipped stay clipped.

    drift_hu : standard deviation, at most, of a smooth random field over the slice; where it is above 0 the
        lung is as much denser. What lies below is denser, and one lung may be less aerated than the other:
        neither is ground glass. Less dense than it is no lung becomes, which would be emphysema.
    """
    per_hu = torch.tensor([2 / (high - low) for low, high in windows])[:, None, None]
    lowest = torch.tensor([low for low, _ in windows])[:, None, None]
    varied = pose.images(centred(levels), ((AIR_HU - lowest) * per_hu - 1).clamp(-1, 1))
    count, _, side, _ = varied.shape
    shift = SHIFT_HU * torch.randn(count, 1, 1, 1, generator=generator)
    noise = NOISE_HU * torch.rand(count, 1, 1, 1, generator=generator)
    grain = torch.randn(count, 1, side, side, generator=generator)
    change = shift + noise * grain
    if drift_hu:
        change += lung_part(varied, windows) * _drift(count, side, drift_hu, generator)
    change = change * per_hu
    return varied.add_(change.mul_(varied.abs() < CLIPPED)).clamp_(-1, 1)


def _drift(count: int, side: int, most_hu: float, generator: torch.Generator) -> torch.Tensor:
    """Return smooth fields (N, 1, side, side) in HU, 0 or more, each as strong as chance wants it."""
    strength = most_hu * torch.rand(count, 1, 1, 1, generator=generator)
    coarse = torch.randn(count, 1, DRIFTS, DRIFTS, generator=generator)
    field = interpolate(coarse, (side, side), mode="bicubic", align_corners=True)
    return strength * field.clamp_min(0)


def lung_part(images: torch.Tensor, windows: tuple[Window, ...]) -> torch.Tensor:
    """Return how much (N, 1, side, side) a pixel is lung, by its density in the widest window."""
    widest = max(range(len(windows)), key=lambda one: windows[one][1] - windows[one][0])
    low, high = windows[widest]
    hu = low + (images[:, widest : widest + 1] + 1) * (high - low) / 2
    (air, tissue), (aerated, dense) = NO_LUNG_HU, LUNG_HU
    return torch.minimum((hu - air) / (aerated - air), (tissue - hu) / (tissue - dense)).clamp(0, 1)
