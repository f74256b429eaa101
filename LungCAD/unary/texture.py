"""Texture as filters and a network see it: descriptions in which few drawn regions suffice to tell tissues.

The network knows the textures that it learned, the filters take any as they are: together they tell real
tissues better than either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import interpolate

from LungCAD.unary.features import texture_features

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


@dataclass(frozen=True)
class TextureDescription:
    """What is known of the texture around every pixel of a slice.

    network : on the CPU. dimensions : number of its outputs. They come first, in a metric in which the pixels
        of a tissue lie about its mean with variance one.
    """

    network: Network
    dimensions: int

    def __call__(self, hu: np.ndarray, lung: np.ndarray) -> np.ndarray:
        """Return the network's outputs, then `texture_features`: (F, y, x) float32.

        Parameters
        ----------
        hu : (y, x), Hounsfield units. lung : (y, x) bool. Only values inside `lung` mean anything.

        Raises
        ------
        ValueError
            `hu` is not 2-D, `lung` has another shape.
        """
        if hu.ndim != 2 or lung.shape != hu.shape:
            raise ValueError(f"hu {hu.shape} and lung {lung.shape} are not one 2-D slice")
        slices = (torch.from_numpy(array)[None] for array in (hu.astype(np.float32), lung.astype(bool)))
        with torch.inference_mode():
            outputs = self.network(texture_images(*slices))
            outputs = interpolate(outputs, size=hu.shape, mode="bilinear", align_corners=False)
        return np.concatenate([outputs[0].numpy(), texture_features(hu, lung)])
