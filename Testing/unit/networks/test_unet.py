"""U-Net: its published size, its shapes, and what its output sees."""

import pytest
import torch

from LungCAD.networks.unet import UNet


def test_published_size_with_six_classes():
    assert sum(p.numel() for p in UNet(6).parameters()) == 31_030_918


@pytest.mark.parametrize("normalization", ["none", "batch", "instance"])
def test_output_has_the_size_of_the_input(normalization):
    network = UNet(3, channels=2, filters=4, depth=3, normalization=normalization).eval()
    with torch.inference_mode():
        assert network(torch.rand(2, 2, 24, 40)).shape == (2, 3, 24, 40)


def test_widths_stop_growing():
    network = UNet(2, filters=4, most_filters=8, depth=4)
    assert [encoder[0].out_channels for encoder in network.encoders] == [4, 8, 8, 8, 8]


def test_every_stage_is_used():
    network = UNet(2, filters=4, depth=3)
    network(torch.rand(1, 1, 32, 32)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_unknown_normalization_is_refused():
    with pytest.raises(ValueError, match="normalization"):
        UNet(2, normalization="layer")
