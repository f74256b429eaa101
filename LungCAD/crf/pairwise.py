"""The messages that every voxel receives from all others: the two kernels, normalised and weighted."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from LungCAD.crf.fields import Field
from LungCAD.crf.grid import GridFilter
from LungCAD.crf.parameters import CRFParameters, Normalization
from LungCAD.crf.tents import Axis, curve_axis, grey_axis, spatial_axis

WIDE_SPACING = 0.4
NARROW_SPACING = 0.67
GREY_SPACING = 0.5


class Pairwise(Protocol):
    """Anything that turns marginals (N, C) into the weighted sum of the messages (N, C) of all voxels.

    As in pydensecrf a voxel also hears itself, which is of no weight among its thousands of neighbours.
    """

    def message(self, marginals: Tensor) -> Tensor:
        """Return sum over kernels m and voxels j of w_m k_m(i, j) Q_j, normalised."""
        ...


class GridPairwise:
    """Messages in linear time by interpolation between nodes; see `LungCAD.crf.grid`."""

    dtype = torch.float32

    def __init__(self, field: Field, parameters: CRFParameters, device: torch.device) -> None:
        appearance = _space(field, parameters.theta_alpha, WIDE_SPACING) + _grey(field, parameters)
        smoothness = _space(field, parameters.theta_gamma, NARROW_SPACING)
        self._kernels = []
        for axes, weight in (
            (appearance, parameters.appearance_weight),
            (smoothness, parameters.smoothness_weight),
        ):
            if weight > 0:
                grid = GridFilter(axes, device)
                ones = torch.ones(field.size, 1, dtype=self.dtype, device=device)
                before, after = normalizers(grid.filter(ones), parameters.normalization)
                self._kernels.append((grid, before, weight * after))

    def message(self, marginals: Tensor) -> Tensor:
        """Return the messages (N, C) for marginals (N, C)."""
        total = torch.zeros_like(marginals)
        for grid, before, after in self._kernels:
            total += after * grid.filter(before * marginals)
        return total


def normalizers(row_sums: Tensor, normalization: Normalization) -> tuple[Tensor, Tensor]:
    """Return the factors (N, 1) of the kernel's columns and rows for its row sums (N, 1)."""
    safe = row_sums.clamp(min=1e-20)
    one = torch.ones_like(safe)
    return {
        "symmetric": (safe.rsqrt(), safe.rsqrt()),
        "before": (1 / safe, one),
        "after": (one, 1 / safe),
        "none": (one, one),
    }[normalization]


def _space(field: Field, theta: float, spacing: float) -> list[Axis]:
    return [
        spatial_axis(field.position[:, axis], field.extent[axis], field.step[axis], theta, spacing)
        for axis in range(3)
        if field.extent[axis] > 1
    ]


def _grey(field: Field, parameters: CRFParameters) -> list[Axis]:
    if field.is_hu:
        return [curve_axis(field.grey[:, 0], parameters.windows, parameters.theta_beta, GREY_SPACING)]
    return [grey_axis(channel, parameters.theta_beta, GREY_SPACING) for channel in field.grey.T]
