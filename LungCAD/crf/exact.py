"""The messages by brute force over all pairs in float64: the reference that the engine is measured by."""

from __future__ import annotations

import torch
from torch import Tensor

from LungCAD.crf.fields import Field
from LungCAD.crf.pairwise import normalizers
from LungCAD.crf.parameters import CRFParameters
from LungCAD.crf.windows import grey_levels

CHUNK_BYTES = 64 * 2**20


class ExactPairwise:
    """Messages of all pairs, O(N^2) time and O(N) memory; 60,000 voxels take minutes."""

    dtype = torch.float64

    def __init__(self, field: Field, parameters: CRFParameters, device: torch.device) -> None:
        steps = torch.tensor(field.step, dtype=self.dtype, device=device)
        space = torch.from_numpy(field.position().T.copy()).to(device) * steps
        levels = grey_levels(field.grey[0], parameters.windows) if field.is_hu else field.grey.T
        grey = torch.as_tensor(levels, dtype=self.dtype, device=device)
        wide = torch.cat([space / parameters.theta_alpha, grey / parameters.theta_beta], dim=1)
        self._kernels = []
        for features, weight in (
            (wide, parameters.appearance_weight),
            (space / parameters.theta_gamma, parameters.smoothness_weight),
        ):
            if weight > 0:
                ones = torch.ones(field.size, 1, dtype=self.dtype, device=device)
                before, after = normalizers(_gaussian(features, ones), parameters.normalization)
                self._kernels.append((features, before, weight * after))

    def message(self, marginals: Tensor) -> Tensor:
        """Return the messages (N, C) float64 for marginals (N, C) float64."""
        total = torch.zeros_like(marginals)
        for features, before, after in self._kernels:
            total += after * _gaussian(features, before * marginals)
        return total


def _gaussian(features: Tensor, values: Tensor) -> Tensor:
    """Return sum_j exp(-|f_i - f_j|^2 / 2) values_j for features (N, D) and values (N, C)."""
    half_square = features.square().sum(1) / 2
    rows = max(1, CHUNK_BYTES // (8 * max(1, len(features))))
    result = torch.empty_like(values)
    for start in range(0, len(features), rows):
        part = slice(start, start + rows)
        exponent = features[part] @ features.T - half_square[part, None] - half_square
        result[part] = exponent.exp_() @ values
    return result
