"""The messages by brute force over all pairs in float64: the reference that the engine is measured by."""

from __future__ import annotations

import torch
from torch import Tensor

from LungCAD.crf.features import field_features
from LungCAD.crf.fields import Field
from LungCAD.crf.pairwise import normalizers
from LungCAD.crf.parameters import CRFParameters

CHUNK_BYTES = 64 * 2**20


class ExactPairwise:
    """Messages of all pairs, O(N^2) time and O(N) memory; 60,000 voxels take minutes."""

    dtype = torch.float64

    def __init__(self, field: Field, parameters: CRFParameters, device: torch.device) -> None:
        wide, narrow = field_features(field, parameters)
        self._kernels = []
        for array, weight in (
            (wide, parameters.appearance_weight),
            (narrow, parameters.smoothness_weight),
        ):
            features = torch.from_numpy(array).to(device)
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
