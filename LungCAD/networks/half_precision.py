"""Networks in half precision, where tensor cores multiply it many times faster."""

from __future__ import annotations

import torch
from torch import nn

HALF = {"cuda": torch.float16, "cpu": torch.bfloat16}
"""What each kind of processor multiplies fastest."""


@torch.inference_mode()
def half_precision_logits(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Return what `network(images)` returns, float32, to about three digits.

    Convolutions are in half precision, maps with channels last, as tensor cores want them; statistics of a
    normalisation are still summed in single precision.

    Parameters
    ----------
    images : (N, channels, Y, X) float32, on the device of the network.
    """
    kind = images.device.type
    with torch.autocast(kind, HALF[kind]):
        return network(images.contiguous(memory_format=torch.channels_last)).float()
