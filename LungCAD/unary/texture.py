"""Texture as a network sees it: descriptions of pixels in which few drawn regions suffice to tell tissues."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch.nn.functional import interpolate

WINDOWS_HU = ((-1050.0, -750.0), (-950.0, -400.0), (-600.0, 200.0))
"""Emphysema and parenchyma, haze, dense tissue."""

Network = Callable[[torch.Tensor], torch.Tensor]
"""Images (N, 4, Y, X) to descriptions (N, F, Y / 2, X / 2), such as a `TextureNet` in evaluation mode."""


def texture_images(hu: torch.Tensor, lung: torch.Tensor) -> torch.Tensor:
    """Return what the network sees (N, 4, Y, X), float32: three HU windows in -1..1 and the lung.

    hu : (N, Y, X) Hounsfield units. lung : (N, Y, X) bool; everything outside is 0, so that neither the chest
    wall nor the mediastinum speaks.
    """
    low, high = (
        torch.tensor(ends, dtype=torch.float32, device=hu.device)[:, None, None]
        for ends in zip(*WINDOWS_HU, strict=True)
    )
    windows = ((hu[:, None].float() - low) / (high - low)).clamp(0, 1) * 2 - 1
    inside = lung[:, None].float()
    return torch.cat([windows * inside, inside], 1).contiguous(memory_format=torch.channels_last)


def describe_texture(network: Network, hu: np.ndarray, lung: np.ndarray) -> np.ndarray:
    """Describe the texture around every pixel of one slice.

    Parameters
    ----------
    hu : (y, x), Hounsfield units. lung : (y, x) bool, the pixels that count.

    Returns
    -------
    (F, y, x) float32. Only values inside `lung` mean anything.

    Raises
    ------
    ValueError
        `hu` is not 2-D, `lung` has another shape.
    """
    if hu.ndim != 2 or lung.shape != hu.shape:
        raise ValueError(f"hu {hu.shape} and lung {lung.shape} are not one 2-D slice")
    images = texture_images(
        torch.from_numpy(hu.astype(np.float32))[None], torch.from_numpy(lung.astype(bool))[None]
    )
    with torch.inference_mode():
        described = interpolate(network(images), size=hu.shape, mode="bilinear", align_corners=False)
    return described[0].numpy()
