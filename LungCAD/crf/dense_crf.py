"""The dense CRF of a masked volume: prepared once, solved, and solved again as the user draws more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from LungCAD.crf.backends import BackendName, FieldSolver, field_solver
from LungCAD.crf.checks import check_constraints, check_image, check_lungs, check_probabilities
from LungCAD.crf.fields import Field, split_fields
from LungCAD.crf.parameters import CRFParameters
from LungCAD.crf.solver import Convergence
from LungCAD.crf.uncertainty import entropy, expected_change
from LungCAD.progress import Progress, part, silent

PAPER = CRFParameters()


@dataclass(frozen=True)
class Solution:
    """Marginals of the voxels in the mask, field by field, and maps made from them (0 outside the mask)."""

    shape: tuple[int, int, int]
    classes: int
    fields: tuple[Field, ...]
    solvers: tuple[FieldSolver, ...]
    values: tuple[torch.Tensor, ...]
    convergence: tuple[Convergence, ...]
    """One report per field: per slice, volume or lung."""

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
        """Return (Z, Y, X) float32 how much drawing a voxel would change all marginals; see `uncertainty`."""
        changes = [expected_change(q, solver) for q, solver in zip(self.values, self.solvers, strict=True)]
        return self._map(changes, np.float32, 0)

    def _map(self, parts: list[torch.Tensor], dtype: type, outside: float) -> np.ndarray:
        volume = np.full(int(np.prod(self.shape)), outside, dtype=dtype)
        for field, values in zip(self.fields, parts, strict=True):
            volume[field.index] = values.numpy()
        return volume.reshape(self.shape)


class DenseCRF:
    """A dense CRF on the voxels of a mask.

    Parameters
    ----------
    hu : (Z, Y, X) Hounsfield units; or (K, Z, Y, X) grey levels of K channels, used as they are (RGB).
    mask : (Z, Y, X) bool; only these voxels take part.
    spacing : (z, y, x) in mm.
    lungs : (Z, Y, X) int, a number above 0 per lung; needed where `parameters.couple_lungs` is false.
    backend : "torch", "exact" (float64, all pairs; small images) or "pydensecrf".
    device : "auto", or a torch device such as "cpu", "cuda", "mps".

    Example
    -------
    >>> crf = DenseCRF(hu, mask, spacing)
    >>> solution = crf.solve(probabilities, constraints)
    >>> solution = crf.update(more_constraints)

    Raises
    ------
    ValueError
        Shapes that differ, values that are not finite, spacing or backend out of range; names the argument.
    """

    def __init__(
        self,
        hu: np.ndarray,
        mask: np.ndarray,
        spacing: tuple[float, float, float],
        parameters: CRFParameters = PAPER,
        *,
        lungs: np.ndarray | None = None,
        backend: BackendName = "torch",
        device: str = "auto",
    ) -> None:
        mask = np.asarray(mask, dtype=bool)
        check_image(hu, mask, spacing)
        if not parameters.couple_lungs:
            check_lungs(lungs, mask)
        self._mask = mask
        self._fields = tuple(split_fields(hu, mask, spacing, parameters, lungs))
        self._solvers: list[FieldSolver] = []
        self._make = lambda field: field_solver(backend, field, parameters, choose_device(device))
        self._probabilities: np.ndarray | None = None
        self._solution: Solution | None = None

    def solve(
        self, probabilities: np.ndarray, constraints: np.ndarray | None = None, progress: Progress = silent
    ) -> Solution:
        """Infer the marginals from the unary.

        Parameters
        ----------
        probabilities : (C, Z, Y, X) float, the unary as class probabilities; summing to 1 in the mask.
        constraints : (Z, Y, X) int, -1 where free, else the class index that the voxel keeps.
        progress : may raise `LungCAD.errors.Cancelled`.

        Raises
        ------
        ValueError
            Shapes that differ, negative or unnormalised probabilities, NaN, labels beyond the classes or
            outside the mask; names the argument.
        """
        check_probabilities(probabilities, self._mask)
        self._probabilities = probabilities
        return self._run(constraints, None, progress)

    def update(self, constraints: np.ndarray, progress: Progress = silent) -> Solution:
        """Infer again with other constraints (Z, Y, X), starting from the last solution.

        Raises
        ------
        ValueError
            As `solve`; also where there is no solution yet.
        """
        if self._solution is None:
            raise ValueError("constraints cannot be updated before the first solve")
        return self._run(constraints, self._solution, progress)

    def _run(self, constraints: np.ndarray | None, last: Solution | None, progress: Progress) -> Solution:
        classes = len(self._probabilities)
        if constraints is None:
            constraints = np.full(self._mask.shape, -1, dtype=np.int16)
        check_constraints(constraints, self._mask, classes)
        unary = self._probabilities.reshape(classes, -1)
        values, reports = [], []
        for number, field in enumerate(self._fields):
            stage = part(progress, number / len(self._fields), (number + 1) / len(self._fields))
            stage(0.0, "Dense CRF")
            if number == len(self._solvers):
                self._solvers.append(self._make(field))
            label = torch.from_numpy(constraints.reshape(-1)[field.index].astype(np.int64))
            drawn = (label >= 0).nonzero()[:, 0]
            marginals, report = self._solvers[number].solve(
                torch.from_numpy(np.ascontiguousarray(unary[:, field.index].T)),
                drawn,
                label[drawn],
                last.values[number] if last else None,
                lambda fraction, stage=stage: stage(fraction, "Dense CRF"),
            )
            values.append(marginals)
            reports.append(report)
        progress(1.0, "Dense CRF")
        self._solution = Solution(
            self._mask.shape, classes, self._fields, tuple(self._solvers), tuple(values), tuple(reports)
        )
        return self._solution


def mean_field(
    probabilities: np.ndarray,
    hu: np.ndarray,
    mask: np.ndarray,
    spacing: tuple[float, float, float],
    constraints: np.ndarray | None = None,
    parameters: CRFParameters = PAPER,
    *,
    lungs: np.ndarray | None = None,
    backend: BackendName = "torch",
    device: str = "auto",
    progress: Progress = silent,
) -> np.ndarray:
    """Return the marginals (C, Z, Y, X) float32 of a dense CRF, 0 outside the mask.

    One call for `DenseCRF(...).solve(...).marginals()`; the arguments are described there.
    """
    crf = DenseCRF(hu, mask, spacing, parameters, lungs=lungs, backend=backend, device=device)
    return crf.solve(probabilities, constraints, progress).marginals()


def choose_device(name: str) -> torch.device:
    """Return the torch device of that name; "auto" prefers CUDA, then Apple's MPS, then the CPU."""
    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
