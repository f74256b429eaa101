"""Networks without batch normalisation compute what they computed with it."""

import pytest
import torch
from torch import nn

from LungCAD.networks import SegNet, UNet
from LungCAD.networks.fusion import fused


def lived_in(network):
    """Give every normalisation statistics as training does."""
    generator = torch.Generator().manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for values, low in (
                (module.running_mean, -1),
                (module.running_var, 0.5),
                (module.weight.data, 0.5),
            ):
                values.copy_(low + torch.rand(values.shape, generator=generator))
    return network.eval()


@pytest.mark.parametrize(
    "network",
    [UNet(2, filters=3, depth=2, normalization="batch"), SegNet(2, filters=4), UNet(2, filters=3, depth=1)],
)
def test_the_same_function(network):
    network = lived_in(network)
    before = {name: values.clone() for name, values in network.state_dict().items()}
    lean = fused(network).to(memory_format=torch.channels_last)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in lean.modules())
    images = torch.rand(2, 1, 32, 48, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        torch.testing.assert_close(lean(images), network(images), atol=1e-4, rtol=1e-4)
    after = network.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)  # the original is left alone
