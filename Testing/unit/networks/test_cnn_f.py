"""CNN-F against an independent forward pass in NumPy, and its sizes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from LungCAD.networks import ARCHITECTURES, CNNF

WIDE_PX = {"conv1": 54, "pool1": 27, "conv2": 27, "pool2": 13, "conv3": 13, "conv5": 13, "pool5": 6}


def convolution(maps, weight, bias, stride=1, padding=0):
    """Slide every kernel over every place, written out."""
    maps = np.pad(maps, ((0, 0), (padding, padding), (padding, padding)))
    size = weight.shape[2]
    places = (maps.shape[1] - size) // stride + 1
    out = np.empty((len(weight), places, places))
    for row, column in np.ndindex(places, places):
        window = maps[:, row * stride : row * stride + size, column * stride : column * stride + size]
        out[:, row, column] = np.tensordot(weight, window, axes=3) + bias
    return out


def normalised(maps):
    """Krizhevsky's response normalisation over 5 neighbouring channels, constants of Chatfield's networks."""
    out = np.empty_like(maps)
    for channel in range(len(maps)):
        near = maps[max(0, channel - 2) : channel + 3]
        out[channel] = maps[channel] / (2 + 0.0005 / 5 * (near**2).sum(0)) ** 0.75
    return out


def pooled(maps):
    """Largest of 3 x 3 every 2 pixels; windows at the border that are not whole count."""
    places = -(-(maps.shape[1] - 3) // 2) + 1
    out = np.empty((len(maps), places, places))
    for row, column in np.ndindex(places, places):
        out[:, row, column] = maps[:, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3].max((1, 2))
    return out


def by_hand(state, image):
    """Return every layer's output."""
    w = {name: tensor.double().numpy() for name, tensor in state.items()}

    def conv(number, maps, **how):
        return convolution(maps, w[f"features.conv{number}.weight"], w[f"features.conv{number}.bias"], **how)

    def dense(number, vector):
        return w[f"classifier.fc{number}.weight"] @ vector + w[f"classifier.fc{number}.bias"]

    layers = {"conv1": conv(1, image, stride=4)}
    layers["pool1"] = pooled(normalised(np.maximum(layers["conv1"], 0)))
    layers["conv2"] = conv(2, layers["pool1"], padding=2)
    layers["pool2"] = pooled(normalised(np.maximum(layers["conv2"], 0)))
    layers["conv3"] = conv(3, layers["pool2"], padding=1)
    layers["conv4"] = conv(4, np.maximum(layers["conv3"], 0), padding=1)
    layers["conv5"] = conv(5, np.maximum(layers["conv4"], 0), padding=1)
    layers["pool5"] = pooled(np.maximum(layers["conv5"], 0))
    hidden = np.maximum(dense(6, layers["pool5"].ravel()), 0)
    layers["fc8"] = dense(8, np.maximum(dense(7, hidden), 0))
    return layers


def test_every_layer_is_what_a_forward_pass_written_out_gives():
    torch.manual_seed(0)
    network = CNNF(3, width=1 / 16, dense=8).eval()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(0, 0.3)
            elif "conv" in name:
                parameter.mul_(4)  # responses large enough for the normalisation to matter
    image = torch.randn(1, 3, 224, 224)
    expected = by_hand(network.state_dict(), image[0].double().numpy())
    maps = image
    with torch.inference_mode():
        for name, layer in network.features.named_children():
            maps = layer(maps)
            if name in expected:
                scale = np.abs(expected[name]).max()
                np.testing.assert_allclose(maps[0], expected[name], atol=2e-5 * scale)
        outputs = network(image)
    np.testing.assert_allclose(outputs[0], expected["fc8"], atol=1e-4 * np.abs(expected["fc8"]).max())


def test_maps_have_the_published_widths():
    network = CNNF(4, width=1 / 64, dense=2).eval()
    maps, found = torch.zeros(1, 3, 224, 224), {}
    with torch.inference_mode():
        for name, layer in network.features.named_children():
            maps = layer(maps)
            found[name] = maps.shape[-1]
    assert {name: found[name] for name in WIDE_PX} == WIDE_PX


@pytest.mark.parametrize(
    ("options", "parameters"), [({}, 56_753_924), ({"width": 0.25, "dense": 640}, 2_030_276)]
)
def test_number_of_parameters(options, parameters):
    with torch.device("meta"):
        network = ARCHITECTURES["cnn_f"](4, **options)
    assert sum(tensor.numel() for tensor in network.parameters()) == parameters


def test_an_image_of_another_size_is_refused():
    with pytest.raises(ValueError, match="224"):
        CNNF(4, width=1 / 64, dense=2)(torch.zeros(1, 3, 225, 225))


def test_a_network_without_dense_units_is_refused():
    with pytest.raises(ValueError, match="dense"):
        CNNF(4, dense=0)
