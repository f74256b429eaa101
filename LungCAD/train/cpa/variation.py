"""Pictures turned, scaled and mirrored at random."""

from __future__ import annotations

import torch
from torch.nn.functional import affine_grid, grid_sample

from LungCAD.train.cpa.parameters import CpaTrainingParameters


def varied(
    pictures: torch.Tensor, choices: CpaTrainingParameters, outside: torch.Tensor | float = 0.0
) -> torch.Tensor:
    """Return each picture (N, C, Y, X) in a variation of its own; `outside` (1, C, 1, 1) comes from outside.

    Pictures are levels as the network takes them: next to empty rays, interpolation before standardising
    makes levels that no lung has. Chance is torch's generator.
    """
    count, _, rows, columns = pictures.shape
    draw = torch.rand(3, count, device=pictures.device)
    angle = torch.deg2rad(choices.turn * (2 * draw[0] - 1))
    scale = 1 + choices.zoom * (2 * draw[1] - 1)
    mirrored = torch.where(draw[2] < 0.5, -1.0, 1.0) if choices.mirror else torch.ones_like(scale)
    cosine, sine = torch.cos(angle) / scale, torch.sin(angle) / scale
    middle = torch.zeros_like(scale)
    matrix = torch.stack(
        [
            torch.stack([mirrored * cosine, -sine * rows / columns, middle], dim=1),
            torch.stack([mirrored * sine * columns / rows, cosine, middle], dim=1),
        ],
        dim=1,
    )
    with torch.autocast(pictures.device.type, enabled=False):  # half precision would move pixels
        grid = affine_grid(matrix, list(pictures.shape), align_corners=False)
    return grid_sample(pictures - outside, grid, align_corners=False) + outside
