"""The messages that every voxel receives from all others: the two kernels, normalised and weighted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import torch
from torch import Tensor

from LungCAD.crf.axes import Axis, curve_axis, grey_axis, spatial_axis
from LungCAD.crf.fields import Field
from LungCAD.crf.lattice import Lattice
from LungCAD.crf.parameters import CRFParameters, Normalization
from LungCAD.crf.plane import Plane
from LungCAD.crf.windows import arc_length

KEPT_VOXELS = 4_000_000
"""Up to this size a field keeps its bags (300 bytes per voxel); beyond, they are built anew at each use."""


class Pairwise(Protocol):
    """Anything that turns marginals (N, C) into the weighted sum of the messages (N, C) of all voxels.

    As in pydensecrf a voxel also hears itself, which is of no weight among its thousands of neighbours.
    """

    dtype: torch.dtype

    def message(self, marginals: Tensor) -> Tensor:
        """Return sum over kernels m and voxels j of w_m k_m(i, j) Q_j, normalised."""
        ...


class GridPairwise:
    """Messages in linear time: voxels are splatted on the nodes of two lattices, blurred, sliced back.

    Slices come one after the other, so that memory stays small in whole volumes.
    """

    dtype = torch.float32

    def __init__(self, field: Field, parameters: CRFParameters, device: torch.device) -> None:
        self._device = device
        self._grey, grey_axes = _grey_axes(field, parameters, device)
        space = _space_axes(field, parameters.theta_alpha)
        self._appearance = Lattice(space[0], [*space[1:], *grey_axes], device)
        narrow = _space_axes(field, parameters.theta_gamma)
        self._smoothness = Lattice(narrow[0], narrow[1:], device)
        self._lattices = (self._appearance, self._smoothness)
        self._field = field
        ones = torch.ones(field.size, 2, device=device)
        self._before, self._after = ones, ones
        sums = self._filter(ones, apart=True)
        weights = torch.tensor([parameters.appearance_weight, parameters.smoothness_weight], device=device)
        self._before, after = normalizers(sums, parameters.normalization)
        self._after = after * weights
        self._planes = list(self._build()) if field.size <= KEPT_VOXELS else None

    def message(self, marginals: Tensor) -> Tensor:
        """Return the messages (N, C) for marginals (N, C)."""
        return self._filter(marginals)

    def _filter(self, values: Tensor, apart: bool = False) -> Tensor:
        """Filter (N, C) by the sum of both kernels; or column 0 by the first, 1 by the second (`apart`)."""
        grids = [lattice.empty(values.shape[1]) for lattice in self._lattices]
        for z, voxels, plane in self._all_planes():
            tables = plane.splat.sum(values[voxels]).split([lattice.nodes for lattice in self._lattices])
            for number, (lattice, grid, table) in enumerate(zip(self._lattices, grids, tables, strict=True)):
                if apart:
                    table[:, 1 - number] = 0
                lattice.add(grid, z, table)
        grids = [lattice.blur(grid) for lattice, grid in zip(self._lattices, grids, strict=True)]
        result = torch.empty_like(values)
        for z, voxels, plane in self._all_planes():
            table = torch.cat([lattice.at(grid, z) for lattice, grid in zip(self._lattices, grids, strict=True)])
            result[voxels] = plane.slice.sum(table)
        return result

    def _all_planes(self) -> Iterator[tuple[int, slice, Plane]]:
        return iter(self._planes) if getattr(self, "_planes", None) else self._build()

    def _build(self) -> Iterator[tuple[int, slice, Plane]]:
        for z, voxels in self._field.planes():
            position = torch.from_numpy(self._field.position(voxels)[1:]).to(self._device)
            near = self._smoothness.taps(position)
            wide = self._appearance.taps([*position, *self._grey[:, voxels]])
            nodes = torch.cat([wide[0], near[0] + self._appearance.nodes], dim=1)
            sides = []
            for factor in (self._before, self._after):
                part = factor[voxels]
                sides.append(torch.cat([wide[1] * part[:, :1], near[1] * part[:, 1:]], dim=1))
            size = self._appearance.nodes + self._smoothness.nodes
            yield z, voxels, Plane.build(nodes, *sides, size)


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


def _grey_axes(
    field: Field, parameters: CRFParameters, device: torch.device
) -> tuple[Tensor, list[Axis]]:
    """Return the coordinates (A, N) of the voxels on the axes of the grey levels, and those axes."""
    theta = parameters.theta_beta
    if field.is_hu:
        length = arc_length(field.grey, parameters.windows)
        axes = [curve_axis(parameters.windows, theta, float(length.min()), float(length.max()))]
        return torch.from_numpy(length).float().to(device), axes
    axes = [grey_axis(theta, float(channel.min()), float(channel.max())) for channel in field.grey]
    return torch.from_numpy(field.grey).to(device), axes
