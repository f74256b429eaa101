"""First weights that suit the data: CNN-F has nothing that would balance its layers while it learns.

After Krähenbühl et al., "Data-dependent initializations of convolutional neural networks", ICLR 2016.
"""

from __future__ import annotations

import torch
from torch import nn

from LungCAD.networks import CNNF

LEAST_SD = 1e-3


def balance_layers(network: CNNF, images: torch.Tensor) -> None:
    """Scale and shift every layer but the last so that each channel has mean 0 and SD 1 on these images.

    images : (N, 3, side, side) as the network takes them; some dozens are enough.
    """
    layers = [module for module in network.modules() if isinstance(module, nn.Conv2d | nn.Linear)][:-1]
    hooks = [layer.register_forward_hook(_balance) for layer in layers]
    with torch.inference_mode():
        network.eval()(images)
    for hook in hooks:
        hook.remove()


def _balance(layer: nn.Conv2d | nn.Linear, inputs: object, outputs: torch.Tensor) -> torch.Tensor:
    """Balance one layer and return what it gives then."""
    over = [axis for axis in range(outputs.dim()) if axis != 1]
    mean, sd = outputs.mean(over), outputs.std(over).clamp(min=LEAST_SD)
    layer.weight.data.div_(sd.reshape(-1, *[1] * (layer.weight.dim() - 1)))
    layer.bias.data.sub_(mean).div_(sd)
    shape = [1, -1] + [1] * (outputs.dim() - 2)
    return (outputs - mean.reshape(shape)) / sd.reshape(shape)
