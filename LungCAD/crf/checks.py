"""Checks at the door of the CRF; every complaint names the argument."""

from __future__ import annotations

import numpy as np

FREE, EXCLUDED = -1, -2
"""Constraints that are no class: a voxel that may take any, and one that neither sends nor hears messages."""

SUM_TOLERANCE = 1e-3


def check_image(hu: np.ndarray, mask: np.ndarray, spacing: tuple[float, float, float]) -> None:
    """Raise ValueError unless mask is (Z, Y, X), hu (Z, Y, X) or (K, Z, Y, X) finite; spacing positive."""
    if mask.ndim != 3:
        raise ValueError(f"mask must have the axes (z, y, x), but has the shape {mask.shape}")
    if hu.shape[-3:] != mask.shape or hu.ndim not in (3, 4):
        raise ValueError(f"hu has the shape {hu.shape}, the mask {mask.shape}")
    if not np.issubdtype(hu.dtype, np.integer) and not np.isfinite(hu[..., mask]).all():
        raise ValueError("hu has values in the mask that are not finite")
    if len(spacing) != 3 or not all(0 < size < np.inf for size in spacing):
        raise ValueError(f"spacing must be three positive numbers (z, y, x) in mm, not {tuple(spacing)}")


def check_lungs(lungs: np.ndarray | None, mask: np.ndarray) -> None:
    """Raise ValueError unless lungs gives a number above 0 to every voxel of the mask."""
    if lungs is None:
        raise ValueError("lungs must be given where couple_lungs is false")
    if lungs.shape != mask.shape:
        raise ValueError(f"lungs has the shape {lungs.shape}, the mask {mask.shape}")
    if (lungs[mask] <= 0).any():
        raise ValueError("lungs must give a number above 0 to every voxel of the mask")


def check_probabilities(inside: np.ndarray) -> None:
    """Raise ValueError unless the probabilities (N, C) of the voxels in the mask are not negative, sum 1."""
    if not inside.size:
        return
    sums = inside @ np.ones(inside.shape[1], dtype=np.float32)
    if not np.isfinite(sums).all():
        raise ValueError("probabilities has values in the mask that are not finite")
    if inside.min() < 0:
        raise ValueError("probabilities has negative values in the mask")
    if np.abs(sums - 1).max() > SUM_TOLERANCE:
        raise ValueError("probabilities must sum to 1 over the classes in every voxel of the mask")


def check_constraints(constraints: np.ndarray, mask: np.ndarray, classes: int) -> None:
    """Raise ValueError unless constraints is (Z, Y, X) int with FREE, EXCLUDED or a class in the mask."""
    if constraints.shape != mask.shape:
        raise ValueError(f"constraints has the shape {constraints.shape}, the mask {mask.shape}")
    if not np.issubdtype(constraints.dtype, np.integer):
        raise ValueError(f"constraints must be integers, not {constraints.dtype}")
    if constraints.size and (constraints.min() < EXCLUDED or constraints.max() >= classes):
        raise ValueError(f"constraints must be -1 (free), -2 (excluded) or a class index 0..{classes - 1}")
    if (constraints[~mask] >= 0).any():
        raise ValueError("constraints has labels outside the mask")
