"""A patch network slid over the lung: every n-th pixel is classified, the rest interpolated (Gao 2016)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from LungCAD.progress import Progress, each, silent
from LungCAD.unary.interpolation import interpolate, lattice
from LungCAD.unary.patch_input import PatchInput

Network = Callable[[torch.Tensor], torch.Tensor]
"""Images to logits, such as a torch module in evaluation mode."""


def predict_slices(
    network: Network,
    hu: np.ndarray,
    mask: np.ndarray,
    patches: PatchInput,
    stride: int = 10,
    batch: int = 256,
    device: torch.device | str = "cpu",
    progress: Progress = silent,
) -> np.ndarray:
    """Return class probabilities (C, z, y, x) float32, summing to 1 inside the mask, 0 outside.

    Parameters
    ----------
    network : on `device`; returns logits (N, C).
    hu : (z, y, x) Hounsfield units, z across axial slices.
    mask : (z, y, x), non-zero inside the lung.
    patches : how the network wants its input. A patch of even width has its pixel right below the middle.
    stride : in pixels (the paper: 10). batch : patches at a time.

    Raises
    ------
    ValueError
        Shapes differ, the mask is empty, stride or batch is less than 1.
    """
    if hu.ndim != 3 or hu.shape != mask.shape:
        raise ValueError(f"hu {hu.shape} and mask {mask.shape} are not volumes (z, y, x) of one shape")
    if batch < 1:
        raise ValueError(f"batch is {batch}, less than 1")
    if not np.any(mask):
        raise ValueError("mask is empty")
    slices = np.flatnonzero((mask > 0).any((1, 2)))
    probabilities = None
    for z in each(slices, progress, "Applying the network"):
        inside = mask[z] > 0
        points = lattice(inside, stride)
        cut = patches_around(hu[z], np.argwhere(points), patches.patch_px)
        values = interpolate(classify(network, cut, patches, batch, device), points, inside, stride)
        if probabilities is None:
            probabilities = np.zeros((values.shape[1], *hu.shape), np.float32)
        probabilities[:, z, inside] = (values / values.sum(1, keepdims=True)).T
    return probabilities


def patches_around(plane: np.ndarray, centres: np.ndarray, patch_px: int) -> np.ndarray:
    """Return the patches (N, patch_px, patch_px) of a slice (y, x) around pixels (N, 2).

    Beyond the slice its outermost pixels are repeated.
    """
    half = patch_px // 2
    padded = np.pad(plane, (half, patch_px - half), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (patch_px, patch_px))
    return windows[tuple(np.transpose(centres))]


def classify(
    network: Network, hu: np.ndarray, patches: PatchInput, batch: int, device: torch.device | str
) -> np.ndarray:
    """Return the class probabilities (N, C) float32 of patches (N, patch_px, patch_px) in HU."""
    with torch.inference_mode():
        parts = [
            network(patches.images(part.to(device))).softmax(1).cpu()
            for part in torch.from_numpy(hu.astype(np.float32)).split(batch)
        ]
    return torch.cat(parts).numpy()
