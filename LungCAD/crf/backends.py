"""The engines that can solve one field: torch (default), exact, and pydensecrf where it is installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

import torch
from torch import Tensor

from LungCAD.crf.exact import ExactPairwise
from LungCAD.crf.fields import Field
from LungCAD.crf.pairwise import GridPairwise, Pairwise
from LungCAD.crf.parameters import CRFParameters
from LungCAD.crf.pydensecrf_solver import PydensecrfSolver
from LungCAD.crf.solver import Convergence, infer

BackendName = Literal["torch", "exact", "pydensecrf"]


class FieldSolver(Protocol):
    """Solves one field any number of times; what depends on the image alone is computed once."""

    def solve(
        self,
        unary: Tensor,
        drawn: Tensor,
        label: Tensor,
        parameters: CRFParameters,
        start: Tensor | None = None,
        tick: Callable[[float], None] = lambda fraction: None,
    ) -> tuple[Tensor, Convergence]:
        """Return marginals (N, C) and the convergence; arguments as in `LungCAD.crf.solver.infer`.

        Of the parameters only the schedule may differ from those that the solver was made with.
        """
        ...

    def message(self, marginals: Tensor) -> Tensor:
        """Return the messages (N, C) for marginals (N, C); see `LungCAD.crf.pairwise.Pairwise`."""
        ...


class MeanFieldSolver:
    """Mean field on the messages of the grid ("torch") or of all pairs ("exact", float64)."""

    def __init__(self, pairwise: Pairwise, device: torch.device) -> None:
        self._pairwise, self._device = pairwise, device

    def solve(
        self,
        unary: Tensor,
        drawn: Tensor,
        label: Tensor,
        parameters: CRFParameters,
        start: Tensor | None = None,
        tick: Callable[[float], None] = lambda fraction: None,
    ) -> tuple[Tensor, Convergence]:
        """Return marginals (N, C) float32 on the CPU and the convergence."""
        marginals, convergence = infer(
            self._pairwise,
            self._here(unary),
            drawn.to(self._device),
            label.to(self._device),
            parameters,
            None if start is None else self._here(start),
            tick,
        )
        return marginals.float().cpu(), convergence

    def message(self, marginals: Tensor) -> Tensor:
        """Return the messages (N, C) float32 on the CPU."""
        return self._pairwise.message(self._here(marginals)).float().cpu()

    def _here(self, values: Tensor) -> Tensor:
        return values.to(device=self._device, dtype=self._pairwise.dtype)


def field_solver(
    backend: BackendName, field: Field, parameters: CRFParameters, device: torch.device
) -> FieldSolver:
    """Return the solver of one field.

    Raises
    ------
    ValueError
        `backend` is unknown.
    ImportError
        pydensecrf is asked for and not installed.
    """
    if backend == "torch":
        return MeanFieldSolver(GridPairwise(field, parameters, device), device)
    if backend == "exact":
        return MeanFieldSolver(ExactPairwise(field, parameters, device), device)
    if backend == "pydensecrf":
        return PydensecrfSolver(field, parameters)
    raise ValueError(f"backend must be one of {BackendName.__args__}, not {backend!r}")
