"""SegNet of VGG16's size: its layers and shapes, and that pooled maxima return to their place."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from LungCAD.networks import SegNetVGG

ENCODER = [(1, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256), (256, 256), (256, 512)]
ENCODER += [(512, 512)] * 5


def test_the_layers_are_those_of_vgg16_and_their_mirror_image():
    with torch.device("meta"):
        network = SegNetVGG(6)
    layers = [
        (module.in_channels, module.out_channels)
        for module in network.modules()
        if isinstance(module, nn.Conv2d)
    ]
    mirrored = [(after, before) for before, after in reversed(ENCODER[1:])]
    assert layers == [*ENCODER, *mirrored, (64, 6)]
    convolutions = sum(9 * before * after + after for before, after in layers)
    norms = 2 * sum(after for _, after in layers[:-1])
    assert sum(parameter.numel() for parameter in network.parameters()) == convolutions + norms


@pytest.mark.parametrize("size", [(32, 32), (45, 70)])
def test_output_has_the_size_of_the_input(size):
    network = SegNetVGG(3, channels=2, width=1 / 32)
    assert network(torch.rand(2, 2, *size)).shape == (2, 3, *size)


def test_every_stage_is_used():
    torch.manual_seed(0)
    network = SegNetVGG(2, width=1 / 16)
    network(torch.rand(1, 1, 64, 64)).square().sum().backward()
    kernels = [module.weight for module in network.modules() if isinstance(module, nn.Conv2d)]
    assert all(kernel.grad.abs().sum() > 0 for kernel in kernels)


def test_maxima_return_to_where_they_were():
    network = SegNetVGG(1, width=1 / 64).eval()
    nothing = nn.Identity()
    network.encoders, network.decoders = (nn.ModuleList([nothing] * 5) for _ in range(2))
    network.classifier = nothing
    image = torch.zeros(1, 1, 64, 96)
    image[0, 0, 13, 50] = 3.0
    assert torch.equal(network(image), image)
