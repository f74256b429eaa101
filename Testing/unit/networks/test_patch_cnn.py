"""The small patch network: the layout of its paper, and the arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from LungCAD.networks import PatchCNN

WIDTHS = [16, 36, 64, 100, 144]


@pytest.mark.parametrize("channels", [1, 3])
def test_the_number_of_parameters_follows_from_the_paper(channels):
    inputs = [channels, *WIDTHS[:-1]]
    convolutions = sum((4 * before + 1) * after for before, after in zip(inputs, WIDTHS, strict=True))
    dense = (144 + 1) * 864 + (864 + 1) * 288 + (288 + 1) * 6
    network = PatchCNN(6, channels=channels)
    assert sum(parameter.numel() for parameter in network.parameters()) == convolutions + dense


def test_every_layer_computes_what_it_should(layers):
    torch.manual_seed(0)
    network = PatchCNN(4, width=0.25).double().eval()
    image = torch.randn(3, 32, 32, dtype=torch.float64)
    with torch.no_grad():
        given = network(image[None])[0].numpy()
    p = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    x = image.numpy()
    for number in (0, 2, 4, 6, 8):
        weight, bias = p[f"features.{number}.weight"], p[f"features.{number}.bias"]
        x = layers.rectify(layers.convolve(x, weight, bias), leak=0.3)
    assert x.shape == (36, 27, 27)
    x = x.mean((1, 2))
    for number in (1, 4):
        x = layers.rectify(p[f"classifier.{number}.weight"] @ x + p[f"classifier.{number}.bias"])
    np.testing.assert_allclose(given, p["classifier.7.weight"] @ x + p["classifier.7.bias"], atol=1e-12)


def test_a_neuron_of_the_last_convolution_sees_six_by_six_pixels():
    torch.manual_seed(0)
    image = torch.randn(1, 3, 20, 20, requires_grad=True)
    PatchCNN(2, width=0.25).features(image)[0, :, 7, 9].sum().backward()
    seen = np.argwhere(image.grad[0].abs().sum(0).numpy() > 0)
    assert seen.min(0).tolist() == [7, 9]
    assert seen.max(0).tolist() == [12, 14]


def test_the_first_kernels_are_orthogonal():
    weight = PatchCNN(2).features[8].weight.detach().flatten(1)
    np.testing.assert_allclose(weight @ weight.T, np.eye(144), atol=1e-5)


def test_the_smallest_patch():
    assert PatchCNN(2, width=0.25)(torch.zeros(1, 3, 6, 6)).shape == (1, 2)
