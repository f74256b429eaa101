"""Average intensities inside the lungs along three directions: of the whole scan, of regions in three ranges.

Only voxels of the lungs are ever interpolated, slab by slab, and each adds itself to its rays: no turned copy
of the scan exists.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk
import torch
from torch.nn.functional import grid_sample

from LungCAD.errors import InputError
from LungCAD.images.windows import SAPSAM
from LungCAD.tasks.cpa_projections.grid import AXES, REGIONS, SIDES, THIRDS, ProjectionGrid
from LungCAD.tasks.cpa_projections.lung_mask import aerated_mask, lung_mask
from LungCAD.tasks.cpa_projections.rotations import Rotation

WHOLE_WINDOW = (-1000.0, 0.0)
"""HU that the grey levels 0 and 1 of a whole projection stand for."""

RANGES = len(SAPSAM)
_BEYOND = RANGES  # the class of voxels outside all ranges: they count in whole projections only
_SLAB = 24  # layers of the turned grid interpolated at a time
_UNTURNED = Rotation()


@dataclass(frozen=True)
class ProjectionVolume:
    """A scan on the projection grid: tensors (z, y, x) on one device.

    hu : float32. lungs : bool, with what disease made solid; regions are projected within them. aerated :
    bool, within which the whole scan is (SAPSAM, section 2.1); where it is None, `lungs` serve in its place,
    and the projection of the whole scan is not one that networks for it know.
    """

    grid: ProjectionGrid
    hu: torch.Tensor
    lungs: torch.Tensor
    aerated: torch.Tensor | None = None

    @classmethod
    def of(cls, ct: sitk.Image, device: str | torch.device = "cpu") -> ProjectionVolume:
        """Bring a scan of any orientation to the grid and find its lungs.

        Raises
        ------
        InputError
            The body encloses no air, or hardly any: there are no lungs, or they reach the scan's sides.
        """
        grid = ProjectionGrid.of(ct)
        hu = grid.resample(ct)
        lungs = lung_mask(hu.numpy())
        if not lungs.any():
            remedy = "Give a CT in Hounsfield units with the whole chest, lungs away from the scan's sides"
            raise InputError("The scan", "shows no lungs", remedy)
        return cls(grid, hu.to(device), torch.from_numpy(lungs).to(device))

    def with_aerated(self) -> ProjectionVolume:
        """Find the aerated lung as well, which takes seconds that signs do not need."""
        aerated = torch.from_numpy(aerated_mask(self.hu.cpu().numpy()))
        return replace(self, aerated=aerated.to(self.hu.device))

    def lung_voxels(self) -> dict[str, int]:
        """Return how much lung each region has; none or little where a lung is missing or the scan is cut."""
        layers, rows, columns = self.lungs.shape
        parts = self.lungs.reshape(THIRDS, layers // THIRDS, rows, SIDES, columns // SIDES)
        sums = parts.sum((1, 2, 4))
        return dict(zip(REGIONS, sums.flip(0).T.ravel().tolist(), strict=True))


@dataclass(frozen=True)
class Projections:
    """The pictures of one rotation, by direction; rows and columns as the grid's remaining axes.

    whole : (Y, X) average intensity in the aerated lung, -1000..0 HU to 0..1; 256 x 256, 216 x 256 and
        216 x 256.
    regions : (6, 3, Y, X) in the order of `REGIONS`, average of the voxels in the lungs and in each of three
        ranges, each range to 0..1; 256 x 128 axial, 72 x 128 coronal, 72 x 256 sagittal.
    shares : (6, 3, Y, X) how much of a ray's way through the region that average is of: the square root of
        its part of all voxels, so that what is thin shows. Not in SAPSAM: an average tells dense things
        from less dense ones, but not a ball from a vessel.
    Rays that meet no such voxel are 0. Layers ascend: coronal and sagittal pictures have the head below.
    """

    whole: dict[str, torch.Tensor]
    regions: dict[str, torch.Tensor]
    shares: dict[str, torch.Tensor]

    def of_regions(self, axis: str, shares: bool) -> torch.Tensor:
        """Return the pictures (6, 3, Y, X) of the regions; with the shares after them, (6, 6, Y, X)."""
        return torch.cat([self.regions[axis], self.shares[axis]], 1) if shares else self.regions[axis]


def project(volume: ProjectionVolume, rotation: Rotation = _UNTURNED) -> Projections:
    """Return the projections of a scan, turned about the middle of its grid.

    Values are interpolated linearly; lung is where the mask, interpolated likewise, is more than one half.
    """
    of_regions, of_whole = _lung_values(volume, rotation)
    regions = _rays(*of_regions, volume.hu.shape)
    whole = regions if of_whole is of_regions else _rays(*of_whole, volume.hu.shape)
    depths = _region_shape(volume.hu.shape)
    return Projections(
        {axis: _scaled(whole[axis].whole(axis), *WHOLE_WINDOW) for axis in AXES},
        {axis: regions[axis].ranges() for axis in AXES},
        {axis: regions[axis].shares(depth) for axis, depth in zip(AXES, depths, strict=True)},
    )


def _rays(hu: torch.Tensor, index: torch.Tensor, shape: Sequence[int]) -> dict[str, _Rays]:
    """Return the rays of each direction through values `hu` (N,) at `index` (3, N) of a grid."""
    layers, rows, columns = _region_shape(shape)
    z, y, x = index
    third, layer = z // layers, z % layers
    side, column = x // columns, x % columns
    region = side * THIRDS + THIRDS - 1 - third
    within = _range_of(hu)
    return {
        "axial": _Rays.of(hu, region, within, y, column, (rows, columns)),
        "coronal": _Rays.of(hu, region, within, layer, column, (layers, columns)),
        "sagittal": _Rays.of(hu, region, within, layer, y, (layers, rows)),
    }


def _region_shape(shape: Sequence[int]) -> tuple[int, int, int]:
    return shape[0] // THIRDS, shape[1], shape[2] // SIDES


@dataclass(frozen=True)
class _Rays:
    """Sum of HU and number of voxels along each ray: (6, 4, rows, columns) by region and range."""

    sums: torch.Tensor
    counts: torch.Tensor

    @classmethod
    def of(
        cls,
        hu: torch.Tensor,
        region: torch.Tensor,
        within: torch.Tensor,
        row: torch.Tensor,
        column: torch.Tensor,
        picture: tuple[int, int],
    ) -> _Rays:
        shape = (len(REGIONS), RANGES + 1, *picture)
        ray = ((region * shape[1] + within) * shape[2] + row) * shape[3] + column
        size = int(np.prod(shape))
        sums = torch.zeros(size, dtype=torch.float64, device=hu.device).index_add_(0, ray, hu.double())
        return cls(sums.reshape(shape), torch.bincount(ray, minlength=size).reshape(shape))

    def ranges(self) -> torch.Tensor:
        """Return the means (6, 3, rows, columns), each range scaled to 0..1."""
        means = [
            _scaled(_mean(self.sums[:, i], self.counts[:, i]), low, high)
            for i, (low, high) in enumerate(SAPSAM)
        ]
        return torch.stack(means, dim=1)

    def shares(self, depth: int) -> torch.Tensor:
        """Return the roots (6, 3, rows, columns) of the ranges' parts of so many voxels."""
        return (self.counts[:, :RANGES] / depth).sqrt().float()

    def whole(self, axis: str) -> torch.Tensor:
        """Return the mean along rays through all regions, NaN where a ray meets no lung."""
        return _mean(*(_joined(values, axis) for values in (self.sums, self.counts)))


def _joined(values: torch.Tensor, axis: str) -> torch.Tensor:
    """Add up (6, 4, rows, columns) over the ranges and the regions that lie behind one another."""
    by_place = values.sum(1).unflatten(0, (SIDES, THIRDS)).flip(1)  # side, third from below, row, column
    if axis == "axial":
        return by_place.sum(1).movedim(0, 1).flatten(1)
    if axis == "coronal":
        return by_place.permute(1, 2, 0, 3).flatten(2).flatten(0, 1)
    return by_place.sum(0).flatten(0, 1)


def _mean(sums: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    return sums / torch.where(counts > 0, counts, torch.nan)


def _scaled(means: torch.Tensor, low: float, high: float) -> torch.Tensor:
    """Bring HU from low..high to 0..1 and empty rays to 0."""
    return ((means - low) / (high - low)).clamp(0, 1).nan_to_num(0.0).float()


def _range_of(hu: torch.Tensor) -> torch.Tensor:
    """Return which of the ranges each value lies in: low end included, high end too in the highest."""
    ends = torch.tensor([low for low, _ in SAPSAM] + [SAPSAM[-1][1]], dtype=hu.dtype, device=hu.device)
    within = torch.bucketize(hu, ends, right=True) - 1
    within = torch.where(hu == ends[-1], RANGES - 1, within)
    return torch.where(within < 0, _BEYOND, within)


Values = tuple[torch.Tensor, torch.Tensor]
"""HU (N,) and their indices (3, N) in the grid, order z, y, x."""


def _lung_values(volume: ProjectionVolume, rotation: Rotation) -> tuple[Values, Values]:
    """Return the voxels of the turned lungs, and of the aerated lung; the same where there is one mask."""
    masks = torch.stack([volume.lungs] if volume.aerated is None else [volume.lungs, volume.aerated])
    hu, index, within = _turned_values(volume.hu, masks, rotation)
    if len(masks) == 1:
        return ((hu, index),) * 2
    return tuple((hu[mask], index[:, mask]) for mask in within)


def _turned_values(
    hu: torch.Tensor, masks: torch.Tensor, rotation: Rotation
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return HU (N,) and indices (3, N) of the voxels in any of M masks, and which (M, N) they are in."""
    either = masks.any(0)
    if rotation.is_identity:
        return hu[either], torch.nonzero(either).T, masks[:, either]
    shape, device = hu.shape, hu.device
    hu, masks = hu[None, None], masks[None].float()
    matrix = torch.from_numpy(rotation.matrix).float().to(device)
    box = _turned_box(either, rotation)
    values, indices, members = [], [], []
    for low in range(box[0].start, box[0].stop, _SLAB):
        axes = (range(low, min(low + _SLAB, box[0].stop)), *(range(b.start, b.stop) for b in box[1:]))
        index = torch.stack(
            torch.meshgrid(*(torch.tensor(axis, device=device) for axis in axes), indexing="ij")
        )
        places = _for_sampling(index.flatten(1), matrix, shape)
        within = grid_sample(masks, places, align_corners=True)[0, :, 0, 0] > 0.5
        inside = within.any(0)
        members.append(within[:, inside])
        indices.append(index.flatten(1)[:, inside])
        sampled = grid_sample(hu, places[:, :, :, inside], padding_mode="border", align_corners=True)
        values.append(sampled.ravel())
    return torch.cat(values), torch.cat(indices, dim=1), torch.cat(members, dim=1)


def _for_sampling(index: torch.Tensor, matrix: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """Return places (1, 1, 1, N, 3) in the order and scale of `grid_sample` for turned `index` (3, N)."""
    middle = (torch.tensor(shape, device=index.device) - 1) / 2
    return ((matrix @ (index - middle[:, None])) / middle[:, None]).flip(0).T[None, None, None]


def _turned_box(lungs: torch.Tensor, rotation: Rotation) -> tuple[slice, slice, slice]:
    """Return the box (z, y, x) of the turned grid outside of which there is no lung."""
    found = [torch.nonzero(lungs.any(a).any(b)).ravel() for a, b in ((2, 1), (2, 0), (1, 0))]
    ends = [(int(along[0]), int(along[-1])) for along in found]
    corners = rotation.from_original(np.array(list(itertools.product(*ends))), tuple(lungs.shape))
    low = np.clip(np.floor(corners.min(0)).astype(int) - 1, 0, None)
    high = np.minimum(np.ceil(corners.max(0)).astype(int) + 2, lungs.shape)
    return tuple(map(slice, low.tolist(), high.tolist()))
