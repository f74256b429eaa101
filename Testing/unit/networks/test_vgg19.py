"""VGG19: torchvision's layout, so that its official weights fit, SAPSAM's head, and the arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from LungCAD.networks import VGG19

CONVOLUTIONS = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)
CHANNELS = (64, 64, 128, 128, *[256] * 4, *[512] * 8)
AFTER_POOLING = (5, 10, 19, 28)


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def layout():
    before = 3
    for number, after in zip(CONVOLUTIONS, CHANNELS, strict=True):
        yield f"features.{number}.weight", (after, before, 3, 3)
        yield f"features.{number}.bias", (after,)
        before = after
    for number, shape in ((0, (4096, 25088)), (3, (4096, 4096)), (6, (1000, 4096))):
        yield f"classifier.{number}.weight", shape
        yield f"classifier.{number}.bias", shape[:1]


def test_names_shapes_and_number_of_parameters_are_torchvisions():
    with torch.device("meta"):
        network = VGG19(1000)
    assert {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()} == dict(layout())
    assert list(network.state_dict()) == [name for name, _ in layout()]
    assert count(network) == 143_667_240


def test_the_head_of_the_paper_has_its_number_of_parameters():
    with torch.device("meta"):
        assert count(VGG19(2, head="flat")) == 46_767_170
        assert count(VGG19(2, width=0.25, head="average")) == 2_436_626


def test_first_weights_of_the_head_are_gaussian_and_its_biases_zero():
    torch.manual_seed(0)
    head = VGG19(2, width=1 / 16, head="flat").classifier
    assert [type(layer).__name__ for layer in head] == [
        "Linear",
        "ReLU",
        "Dropout",
        "Linear",
        "ReLU",
        "Linear",
    ]
    assert head[2].p == 0.5
    for layer in (head[0], head[3], head[5]):
        assert not layer.bias.any()
    weights = head[3].weight.detach().numpy().ravel()
    kurtosis = np.mean(weights**4) / np.mean(weights**2) ** 2
    assert abs(weights.mean()) < 1e-4
    assert kurtosis == pytest.approx(3, abs=0.05)


def test_the_first_two_blocks_are_four_convolutions():
    first = VGG19(2, width=1 / 16, head="flat").first_blocks()
    assert [layer.out_channels for layer in first if isinstance(layer, torch.nn.Conv2d)] == [4, 4, 8, 8]


@pytest.mark.parametrize("pools", [5, 3])
def test_every_layer_computes_what_it_should(layers, pools):
    torch.manual_seed(0)
    network = VGG19(3, width=1 / 64, head="average", pools=pools).double().eval()
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith("bias"):
                tensor.normal_(0, 0.1)
    image = torch.randn(3, 40, 48, dtype=torch.float64)
    with torch.no_grad():
        given = network(image[None])[0].numpy()
    p = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    x, pooled = image.numpy(), 0
    for number in CONVOLUTIONS:
        if number in AFTER_POOLING and pooled < pools:
            x, pooled = layers.largest(x, 2, 2), pooled + 1
        convolved = layers.convolve(
            x, p[f"features.{number}.weight"], p[f"features.{number}.bias"], padding=1
        )
        x = layers.rectify(convolved)
    if pooled < pools:
        x = layers.largest(x, 2, 2)
    assert x.shape[1:] == ((5, 6) if pools == 3 else (1, 1))
    x = x.mean((1, 2))
    x = layers.rectify(p["classifier.0.weight"] @ x + p["classifier.0.bias"])
    x = layers.rectify(p["classifier.3.weight"] @ x + p["classifier.3.bias"])
    np.testing.assert_allclose(given, p["classifier.5.weight"] @ x + p["classifier.5.bias"], atol=1e-12)


def test_an_unknown_head_is_refused():
    with pytest.raises(ValueError, match="head"):
        VGG19(2, head="none")
