"""The messages that every voxel receives from all others: the two kernels, normalised and weighted."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from LungCAD.crf.axes import Axis, curve_axis, grey_axis, spatial_axis
from LungCAD.crf.fields import Field
from LungCAD.crf.lattice import Lattice
from LungCAD.crf.parameters import CRFParameters, Normalization
from LungCAD.crf.windows import arc_length


class Pairwise(Protocol):
    """Anything that turns marginals (N, C) into the weighted sum of the messages (N, C) of all voxels.

    As in pydensecrf a voxel also hears itself, which is of no weight among its thousands of neighbours.
    """

    dtype: torch.dtype

    def message(self, marginals: Tensor) -> Tensor:
        """Return sum over kernels m and voxels j of w_m k_m(i, j) Q_j, normalised."""
        ...


class GridPairwise:
    """Messages in linear time by interpolation between nodes; see `LungCAD.crf.lattice`."""

    dtype = torch.float32

    def __init__(self, field: Field, parameters: CRFParameters, device: torch.device) -> None:
        places, grey_axes = _grey_axes(field, parameters)
        features = torch.from_numpy(places.astype(np.float32)).to(device)
        self._kernels: list[tuple[Lattice, float, Tensor | None, Tensor | None]] = []
        for weight, axes, points in (
            (parameters.appearance_weight, _space_axes(field, parameters.theta_alpha) + grey_axes, features),
            (parameters.smoothness_weight, _space_axes(field, parameters.theta_gamma), features[:0]),
        ):
            if weight > 0:
                lattice = Lattice(field, axes, points)
                sums = lattice.filter(torch.ones(field.size, 1, device=device))
                before, after = normalizers(sums, parameters.normalization)
                if parameters.normalization == "symmetric":
                    lattice.scale(before[:, 0])
                    before = after = None
                self._kernels.append((lattice, weight, before, after))

    def message(self, marginals: Tensor) -> Tensor:
        """Return the messages (N, C) for marginals (N, C)."""
        total = torch.zeros_like(marginals)
        for lattice, weight, before, after in self._kernels:
            if before is None:
                total.add_(lattice.filter(marginals), alpha=weight)
            else:
                total.addcmul_(after, lattice.filter(before * marginals), value=weight)
        return total


def normalizers(row_sums: Tensor, normalization: Normalization) -> tuple[Tensor, Tensor]:
    """Return the factors of a kernel's columns and rows for its row sums, all (N, ...)."""
    safe = row_sums.clamp(min=1e-20)
    one = torch.ones_like(safe)
    return {
        "symmetric": (safe.rsqrt(), safe.rsqrt()),
        "before": (1 / safe, one),
        "after": (one, 1 / safe),
        "none": (one, one),
    }[normalization]


def _space_axes(field: Field, theta: float) -> list[Axis]:
    return [spatial_axis(extent, theta / step) for extent, step in zip(field.extent, field.step, strict=True)]


def _grey_axes(field: Field, parameters: CRFParameters) -> tuple[np.ndarray, list[Axis]]:
    """Return the places (A, N) of the voxels on the axes of the grey levels, and those axes."""
    theta = parameters.theta_beta
    if field.is_hu:
        length = arc_length(field.grey, parameters.windows)
        return length, [curve_axis(parameters.windows, theta, float(length.min()), float(length.max()))]
    return field.grey, [
        grey_axis(theta, float(channel.min()), float(channel.max())) for channel in field.grey
    ]
