"""What the dense CRF gives back: marginals, labels, and maps of where it is unsure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from LungCAD.crf.fields import Field
from LungCAD.crf.solver import Convergence
from LungCAD.crf.solvers import Solvers
from LungCAD.crf.uncertainty import entropy, expected_change


@dataclass(frozen=True)
class Solution:
    """Marginals of the voxels in the mask, field by field, and maps made from them (0 outside the mask)."""

    shape: tuple[int, int, int]
    classes: int
    fields: tuple[Field, ...]
    solvers: Solvers
    values: tuple[torch.Tensor, ...]
    convergence: tuple[Convergence, ...]
    """One report per field: per slice, volume or lung."""

    def marginals_in_mask(self) -> np.ndarray:
        """Return the class probabilities (C, N) float32 of the N voxels of the mask in raster order."""
        count = sum(field.size for field in self.fields)
        inside = np.empty((self.classes, count), dtype=np.float32)
        for field, values in zip(self.fields, self.values, strict=True):
            inside[:, field.rows] = values.numpy().T
        return inside

    def marginals(self) -> np.ndarray:
        """Return the class probabilities (C, Z, Y, X) float32; they sum to 1 in the mask."""
        volume = np.zeros((self.classes, int(np.prod(self.shape))), dtype=np.float32)
        for field, values in zip(self.fields, self.values, strict=True):
            volume[:, field.index] = values.numpy().T
        return volume.reshape(self.classes, *self.shape)

    def labels(self) -> np.ndarray:
        """Return the most probable class index (Z, Y, X) int16, -1 outside the mask."""
        return self._map([values.argmax(1) for values in self.values], np.int16, -1)

    def entropy(self) -> np.ndarray:
        """Return the entropy (Z, Y, X) float32 in 0 (sure) .. 1 (all classes equally probable)."""
        return self._map([entropy(values) for values in self.values], np.float32, 0)

    def expected_change(self) -> np.ndarray:
        """Return (Z, Y, X) float32 how much drawing a voxel is expected to change all marginals, in voxels.

        Where it is highest the next region helps most. Unlike the entropy it counts who listens: an unsure
        voxel among unsure ones of its kind is worth more than a lonely one. 0 where drawn, excluded or
        outside the mask. Takes about one iteration; see `LungCAD.crf.uncertainty`.
        """
        changes = [expected_change(q, self.solvers[number]) for number, q in enumerate(self.values)]
        return self._map(changes, np.float32, 0)

    def _map(self, parts: list[torch.Tensor], dtype: type, outside: float) -> np.ndarray:
        volume = np.full(int(np.prod(self.shape)), outside, dtype=dtype)
        for field, values in zip(self.fields, parts, strict=True):
            volume[field.index] = values.numpy()
        return volume.reshape(self.shape)
