"""Response normalisation against torch's own, value and gradient."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from LungCAD.networks.response_norm import ResponseNorm


@pytest.mark.parametrize("channels", [1, 3, 16])
def test_values_and_gradients_are_those_of_torch(channels):
    torch.manual_seed(0)
    maps = 30 * torch.randn(2, channels, 5, 4, dtype=torch.float64)
    weights = torch.randn_like(maps)
    results = []
    for layer in (ResponseNorm(5, 5e-2, 2.0), nn.LocalResponseNorm(5, 5e-2, 0.75, 2.0)):
        own = maps.clone().requires_grad_()
        values = layer(own)
        (values * weights).sum().backward()
        results.append((values.detach(), own.grad))
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_the_gradient_is_the_slope():
    maps = torch.randn(1, 7, 2, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(ResponseNorm(5, 0.5, 2.0), (maps,))


def test_an_even_number_of_channels_has_no_middle():
    with pytest.raises(ValueError, match="odd"):
        ResponseNorm(4, 1.0, 1.0)
