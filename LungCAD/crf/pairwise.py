"""The messages that every voxel receives from all others: the two kernels, normalised and weighted."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from LungCAD.crf.axes import Axis, curve_axis, grey_axis, spatial_axis
from LungCAD.crf.fields import Field
from LungCAD.crf.grey_curve import arc_length
from LungCAD.crf.lattice import Lattice
from LungCAD.crf.parameters import CRFParameters, Normalization

WIDE_SPACING = 0.4
"""Distance of the tents of the appearance kernel in space, in thetas."""
NARROW_SPACING = 0.2
"""The same of the smoothness kernel, whose few neighbours do not average the error away."""


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
        places, grey = _grey_axes(field, parameters)
        features = torch.from_numpy(places.astype(np.float32)).to(device)
        wide = _space_axes(field, parameters.theta_alpha, WIDE_SPACING)
        narrow = _space_axes(field, parameters.theta_gamma, NARROW_SPACING)
        self._kernels = []
        if parameters.appearance_weight > 0:
            appearance = Normalized(
                Lattice(field, wide + grey, features), field.size, parameters.normalization
            )
            self._kernels.append((parameters.appearance_weight, appearance))
        if parameters.smoothness_weight > 0:
            smoothness = Normalized(
                Lattice(field, narrow, features[:0]), field.size, parameters.normalization
            )
            self._kernels.append((parameters.smoothness_weight, smoothness))

    def message(self, marginals: Tensor) -> Tensor:
        """Return the messages (N, C) for marginals (N, C)."""
        total = torch.zeros_like(marginals)
        for weight, kernel in self._kernels:
            kernel.add_to(total, marginals, weight)
        return total


class Normalized:
    """A lattice whose kernel is divided by its row sums; symmetric factors are folded into its weights."""

    def __init__(self, lattice: Lattice, voxels: int, normalization: Normalization) -> None:
        self._lattice = lattice
        sums = lattice.filter(torch.ones(voxels, 1, device=lattice.device))
        before, after = normalizers(sums, normalization)
        self._factors: tuple[Tensor, Tensor] | None = (before, after)
        if normalization == "symmetric":
            lattice.scale(before[:, 0])
            self._factors = None

    def add_to(self, total: Tensor, values: Tensor, weight: float) -> None:
        """Add `weight` times the normalised kernel times values (N, C) to `total`."""
        if self._factors is None:
            self._lattice.filter(values, total, weight)
        else:
            before, after = self._factors
            total.addcmul_(after, self._lattice.filter(before * values), value=weight)


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


def _space_axes(field: Field, theta: float, tent_spacing: float) -> list[Axis]:
    return [
        spatial_axis(extent, theta / step, tent_spacing)
        for extent, step in zip(field.extent, field.step, strict=True)
    ]


def _grey_axes(field: Field, parameters: CRFParameters) -> tuple[np.ndarray, list[Axis]]:
    """Return the places (A, N) of the voxels on the axes of the grey levels, and those axes."""
    theta = parameters.theta_beta
    if field.is_hu:
        length = arc_length(field.grey, parameters.windows)
        return length, [curve_axis(parameters.windows, theta, float(length.min()), float(length.max()))]
    return field.grey, [
        grey_axis(theta, float(channel.min()), float(channel.max())) for channel in field.grey
    ]
