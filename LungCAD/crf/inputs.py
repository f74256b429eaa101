"""From the caller's volumes to the rows of the voxels in the mask."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from LungCAD.crf.checks import FREE, check_probabilities
from LungCAD.crf.fields import Field

SMALLEST_PROBABILITY = 1e-12
"""Of the unary: a probability of 0 would outvote all neighbours."""


def log_unary(probabilities: np.ndarray, mask: np.ndarray) -> Tensor:
    """Return the logarithms (N, C) float32 of the checked probabilities in the mask; 0 for the most probable.

    probabilities : (C, Z, Y, X), or (C, N) already of the mask's voxels in raster order.

    Raises ValueError where they have another shape, are negative, not finite or do not sum to 1.
    """
    voxels = np.count_nonzero(mask)
    if not len(probabilities):
        raise ValueError("probabilities has no class")
    if probabilities.ndim == 4 and probabilities.shape[1:] == mask.shape:
        values = probabilities.reshape(len(probabilities), -1)[:, np.flatnonzero(mask)]
    elif probabilities.ndim == 2 and probabilities.shape[1] == voxels:
        values = probabilities
    else:
        raise ValueError(
            f"probabilities has the shape {probabilities.shape}, but must be (classes, {mask.shape}) "
            f"or (classes, {voxels} voxels in the mask)"
        )
    values = np.array(values.T, dtype=np.float32, order="C")
    check_probabilities(values)
    unary = torch.from_numpy(values).clamp_(min=SMALLEST_PROBABILITY).log_()
    return unary.sub_(unary.amax(dim=1, keepdim=True))


def drawn_voxels(constraints: np.ndarray | None, field: Field) -> tuple[Tensor, Tensor]:
    """Return which voxels (M,) of a field are not free, and their class index or EXCLUDED (M,), int64."""
    if constraints is None:
        return torch.zeros(0, dtype=torch.int64), torch.zeros(0, dtype=torch.int64)
    label = torch.from_numpy(constraints.reshape(-1)[field.index].astype(np.int64))
    drawn = (label != FREE).nonzero()[:, 0]
    return drawn, label[drawn]
