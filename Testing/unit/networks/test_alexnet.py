"""AlexNet: torchvision's layout, so that its official weights fit, and the arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from LungCAD.networks import AlexNet

LAYOUT = {
    "features.0.weight": (64, 3, 11, 11),
    "features.0.bias": (64,),
    "features.3.weight": (192, 64, 5, 5),
    "features.3.bias": (192,),
    "features.6.weight": (384, 192, 3, 3),
    "features.6.bias": (384,),
    "features.8.weight": (256, 384, 3, 3),
    "features.8.bias": (256,),
    "features.10.weight": (256, 256, 3, 3),
    "features.10.bias": (256,),
    "classifier.1.weight": (4096, 9216),
    "classifier.1.bias": (4096,),
    "classifier.4.weight": (4096, 4096),
    "classifier.4.bias": (4096,),
    "classifier.6.weight": (1000, 4096),
    "classifier.6.bias": (1000,),
}


def test_names_shapes_and_number_of_parameters_are_torchvisions():
    with torch.device("meta"):
        network = AlexNet(1000)
    assert {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()} == LAYOUT
    assert list(network.state_dict()) == list(LAYOUT)
    assert sum(parameter.numel() for parameter in network.parameters()) == 61_100_840


def test_the_width_scales_every_layer_but_the_last():
    shapes = {name: tuple(tensor.shape) for name, tensor in AlexNet(5, width=1 / 16).state_dict().items()}
    assert shapes["features.3.weight"] == (12, 4, 5, 5)
    assert shapes["classifier.1.weight"] == (256, 16 * 36)
    assert shapes["classifier.6.weight"] == (5, 256)


def test_every_layer_computes_what_it_should(layers):
    torch.manual_seed(0)
    network = AlexNet(3, width=1 / 32).double().eval()
    image = torch.randn(3, 224, 224, dtype=torch.float64)
    with torch.no_grad():
        given = network(image[None])[0].numpy()
    p = {name: tensor.numpy() for name, tensor in network.state_dict().items()}

    def convolved(values, number, **options):
        weight, bias = p[f"features.{number}.weight"], p[f"features.{number}.bias"]
        return layers.rectify(layers.convolve(values, weight, bias, **options))

    x = layers.largest(convolved(image.numpy(), 0, stride=4, padding=2), 3, 2)
    x = layers.largest(convolved(x, 3, padding=2), 3, 2)
    x = convolved(convolved(convolved(x, 6, padding=1), 8, padding=1), 10, padding=1)
    x = layers.largest(x, 3, 2)
    assert x.shape[1:] == (6, 6)
    x = layers.rectify(p["classifier.1.weight"] @ x.ravel() + p["classifier.1.bias"])
    x = layers.rectify(p["classifier.4.weight"] @ x + p["classifier.4.bias"])
    np.testing.assert_allclose(given, p["classifier.6.weight"] @ x + p["classifier.6.bias"], atol=1e-12)


@pytest.mark.parametrize("pixels", [63, 224])
def test_it_takes_a_batch_of_images_of_any_usual_width(pixels):
    assert AlexNet(5, width=1 / 32)(torch.zeros(2, 3, pixels, pixels)).shape == (2, 5)
