"""The dense CRF of a masked volume: prepared once, solved, and solved again as the user draws more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from LungCAD.crf.backends import BackendName, field_solver
from LungCAD.crf.checks import check_constraints, check_image, check_lungs
from LungCAD.crf.fields import split_fields
from LungCAD.crf.inputs import drawn_voxels, log_unary
from LungCAD.crf.memory import check_memory
from LungCAD.crf.parameters import CRFParameters
from LungCAD.crf.solution import Solution
from LungCAD.crf.solvers import Solvers
from LungCAD.devices import choose_device
from LungCAD.progress import Progress, part, silent

PAPER = CRFParameters()
UPDATE_TOLERANCE = 1e-3
"""Change of a marginal per iteration that no eye sees and no label notices."""
MESSAGE = "Dense CRF"


class DenseCRF:
    """A dense CRF on the voxels of a mask.

    Parameters
    ----------
    hu : (Z, Y, X) Hounsfield units; or (K, Z, Y, X) grey levels of K channels, used as they are (RGB).
    mask : (Z, Y, X) bool; only these voxels take part.
    spacing : (z, y, x) in mm.
    lungs : (Z, Y, X) int, a number above 0 per lung; needed where `parameters.couple_lungs` is false.
    backend : "torch", "exact" (float64, all pairs; small images) or "pydensecrf".
    device : "auto", or a torch device such as "cpu" or "cuda"; for "mps" the CPU is taken.

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
        self._parameters = parameters
        chosen = choose_device(device)
        # Apple's GPUs know neither bags of sums nor double precision.
        self._device = torch.device("cpu") if chosen.type == "mps" else chosen
        self._fields = tuple(split_fields(hu, mask, spacing, parameters, lungs))
        self._solvers = Solvers(
            self._fields, lambda field: field_solver(backend, field, parameters, self._device)
        )
        self._unary: torch.Tensor | None = None
        self._solution: Solution | None = None

    def solve(
        self, probabilities: np.ndarray, constraints: np.ndarray | None = None, progress: Progress = silent
    ) -> Solution:
        """Infer the marginals from the unary.

        Parameters
        ----------
        probabilities : (C, Z, Y, X) float, the unary as class probabilities, sum 1 in the mask; or (C, N) for
            the N voxels of the mask in raster order, which spares memory.
        constraints : (Z, Y, X) int, FREE (-1), EXCLUDED (-2: the voxel neither sends nor hears messages, its
            marginals are 0), else the class index that the voxel keeps.
        progress : may raise `LungCAD.errors.Cancelled`.

        Raises
        ------
        ValueError
            Shapes that differ, negative or unnormalised probabilities, NaN, labels beyond the classes or
            outside the mask, more voxels than fit into memory; names the argument.
        """
        unary = log_unary(probabilities, self._mask)
        return self._run(unary, constraints, self._parameters, None, progress)

    def update(
        self, constraints: np.ndarray, progress: Progress = silent, tolerance: float = UPDATE_TOLERANCE
    ) -> Solution:
        """Infer again with other constraints (Z, Y, X), from the last solution on.

        Stops as soon as no marginal changes by more than `tolerance` in an iteration.

        Raises
        ------
        ValueError
            As `solve`; also where there is no solution yet.
        """
        if self._solution is None:
            raise ValueError("constraints cannot be updated before the first solve")
        schedule = replace(self._parameters, tolerance=max(tolerance, self._parameters.tolerance))
        return self._run(self._unary, constraints, schedule, self._solution, progress)

    def _run(
        self,
        unary: torch.Tensor,
        constraints: np.ndarray | None,
        parameters: CRFParameters,
        last: Solution | None,
        progress: Progress,
    ) -> Solution:
        classes = unary.shape[1]
        check_memory([field.size for field in self._fields], classes, self._device)
        if constraints is not None:
            check_constraints(constraints, self._mask, classes)
        values, reports = [], []
        for number, field in enumerate(self._fields):
            stage = part(progress, number / len(self._fields), (number + 1) / len(self._fields))
            stage(0.0, MESSAGE)
            marginals, report = self._solvers[number].solve(
                unary[field.rows],
                *drawn_voxels(constraints, field),
                parameters,
                last.values[number] if last else None,
                lambda fraction, stage=stage: stage(fraction, MESSAGE),
            )
            values.append(marginals)
            reports.append(report)
        progress(1.0, MESSAGE)
        self._unary = unary  # not before: a run that is cancelled changes nothing
        self._solution = Solution(
            self._mask.shape, classes, self._fields, self._solvers, tuple(values), tuple(reports)
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
