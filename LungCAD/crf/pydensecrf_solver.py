"""The dense CRF by pydensecrf (permutohedral lattice, one thread), to repeat published work.

pip install pydensecrf2 (needs a C++ compiler), or the extra lungcad[peers].
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from LungCAD.crf.exact import ExactPairwise
from LungCAD.crf.features import field_features
from LungCAD.crf.fields import Field
from LungCAD.crf.parameters import CRFParameters
from LungCAD.crf.solver import Convergence

DRAWN_ENERGY = 1000.0
"""Energy of the labels that a drawn voxel does not have: exp(-1000) is 0 in float32."""


class PydensecrfSolver:
    """Hands the voxels of the mask to pydensecrf as points with features.

    It can neither start from a solution nor mix iterations; drawn labels become a unary that outweighs all.
    """

    def __init__(self, field: Field, parameters: CRFParameters) -> None:
        import pydensecrf.densecrf

        self._library = pydensecrf.densecrf
        self._field = field
        wide, narrow = field_features(field, parameters)
        self._kernels = (
            (wide, parameters.appearance_weight),
            (narrow, parameters.smoothness_weight),
        )
        self._normalization = {
            "symmetric": self._library.NORMALIZE_SYMMETRIC,
            "before": self._library.NORMALIZE_BEFORE,
            "after": self._library.NORMALIZE_AFTER,
            "none": self._library.NO_NORMALIZATION,
        }[parameters.normalization]
        self._parameters = parameters

    def solve(
        self,
        unary: Tensor,
        drawn: Tensor,
        label: Tensor,
        parameters: CRFParameters,
        start: Tensor | None = None,
        tick: Callable[[float], None] = lambda fraction: None,
    ) -> tuple[Tensor, Convergence]:
        """Return marginals (N, C) after all iterations, from the unary on; `start` is not used.

        Raises ValueError where voxels are excluded.
        """
        if (label < 0).any():
            raise ValueError("constraints: pydensecrf cannot leave voxels out")
        energy = -unary.numpy()
        energy[drawn] = DRAWN_ENERGY
        energy[drawn, label] = 0
        voxels, classes = energy.shape
        crf = self._library.DenseCRF(voxels, classes)
        crf.setUnaryEnergy(np.ascontiguousarray(energy.T, dtype=np.float32))
        for features, weight in self._kernels:
            crf.addPairwiseEnergy(
                np.ascontiguousarray(features.T, dtype=np.float32),
                compat=weight,
                kernel=self._library.DIAG_KERNEL,
                normalization=self._normalization,
            )
        marginals, *work = crf.startInference()
        changes: list[float] = []
        converged = False
        before = np.array(marginals)
        while len(changes) < parameters.iterations and not converged:
            tick(len(changes) / parameters.iterations)
            crf.stepInference(marginals, *work)
            now = np.array(marginals)
            changes.append(float(np.abs(now - before).max()))
            converged, before = changes[-1] <= parameters.tolerance, now
        return torch.from_numpy(np.ascontiguousarray(before.T)), Convergence(tuple(changes), converged)

    def message(self, marginals: Tensor) -> Tensor:
        """Return the messages (N, C) by brute force, which pydensecrf does not give."""
        exact = ExactPairwise(self._field, self._parameters, torch.device("cpu"))
        return exact.message(marginals.double()).float()
