"""From what networks saw on projections back to the places in the scan where it may lie."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import SimpleITK as sitk
import torch
from numpy.typing import ArrayLike, NDArray
from torch.nn.functional import adaptive_avg_pool3d, grid_sample

from LungCAD.images.geometry import physical_points, to_axial
from LungCAD.tasks.cpa_projections import AXES, REGIONS, Rotation, region_box
from LungCAD.tasks.cpa_projections.grid import SHAPE

HEAT_SHAPE = (54, 64, 64)
"""Voxels of heat maps along z, y, x: a quarter of the projection grid's, which they cover exactly."""

_FINE = np.array(SHAPE) / HEAT_SHAPE


def back_project(maps: Mapping[str, torch.Tensor], axis: str, rotation: Rotation) -> torch.Tensor:
    """Return the heat (54, 64, 64) of the scan's voxels, read from maps of the projections that they fell on.

    Parameters
    ----------
    maps : per region (depth, rows, columns) of any size; rows and columns cover the region's projection,
        depth the region along its rays in as many layers, one if nothing is known of it. What is missing
        is 0.
    axis : direction of projection. rotation : of the scan that was projected.
    """
    places = rotation.from_original(_heat_voxels(), SHAPE)
    heat = np.zeros(len(places), np.float32)
    for region, depths in maps.items():
        box = region_box(REGIONS.index(region))
        start = np.array([part.start or 0 for part in box])
        stop = np.array([part.stop or size for part, size in zip(box, SHAPE, strict=True)])
        within = (places + 0.5 - start) / (stop - start)
        here = ((within >= 0) & (within < 1)).all(1)
        # Depth takes the place of the axis that the projection removed; grid_sample wants x, y, z.
        volume = depths.movedim(0, AXES.index(axis))[None, None].float().cpu()
        sites = torch.from_numpy(2 * within[here] - 1).float().flip(1)[None, None, None]
        values = grid_sample(volume, sites, padding_mode="border", align_corners=False)
        heat[here] = values.ravel().numpy()
    return torch.from_numpy(heat).reshape(HEAT_SHAPE)


def lung_share(lungs: torch.Tensor) -> torch.Tensor:
    """Return how much of each heat voxel is lung, 0..1, from a mask on the projection grid."""
    return adaptive_avg_pool3d(lungs[None].float(), HEAT_SHAPE)[0].cpu()


def heat_points(indices: ArrayLike, ct: sitk.Image) -> NDArray[np.float64]:
    """Return LPS positions (N, 3) in mm of indices (N, 3) of the heat grid, fractions allowed."""
    axial = to_axial(ct)
    step = np.array(axial.GetSize()[::-1]) / HEAT_SHAPE
    return physical_points(axial, (np.asarray(indices, float) + 0.5) * step - 0.5)


def _heat_voxels() -> NDArray[np.float64]:
    """Return the heat voxels' centres as indices (N, 3) of the projection grid."""
    return (np.stack(np.indices(HEAT_SHAPE), axis=-1).reshape(-1, 3) + 0.5) * _FINE - 0.5
