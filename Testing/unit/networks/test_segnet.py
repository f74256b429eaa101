"""SegNet and its contrast normalisation against implementations that share no code with them."""

import numpy as np
import pytest
import torch
from scipy import ndimage, signal
from torch.nn.functional import max_pool2d, max_unpool2d

from LungCAD.networks.contrast import FLOOR, SIGMA_PX, WIDTH_PX, ContrastNormalization
from LungCAD.networks.segnet import SegNet
from LungCAD.networks.unpooling import encode_decode


def pooled(image):
    """Return 2 x 2 maxima and the flat places they came from, by loops."""
    rows, columns = image.shape[0] // 2, image.shape[1] // 2
    values, places = np.zeros((rows, columns)), np.zeros((rows, columns), int)
    for y in range(rows):
        for x in range(columns):
            window = image[2 * y : 2 * y + 2, 2 * x : 2 * x + 2]
            at = int(window.argmax())
            values[y, x] = window.flat[at]
            places[y, x] = (2 * y + at // 2) * image.shape[1] + 2 * x + at % 2
    return values, places


def convolved(maps, sequence):
    """Return convolution, batch normalisation in evaluation mode and ReLU, with scipy."""
    convolution, norm, _ = sequence
    kernels, biases = convolution.weight.detach().numpy(), convolution.bias.detach().numpy()
    out = []
    for kernel, bias in zip(kernels, biases, strict=True):
        out.append(
            bias + sum(signal.correlate2d(m, k, mode="same") for m, k in zip(maps, kernel, strict=True))
        )
    mean, variance = norm.running_mean.numpy(), norm.running_var.numpy()
    scale, shift = norm.weight.detach().numpy(), norm.bias.detach().numpy()
    normal = (np.stack(out) - mean[:, None, None]) / np.sqrt(variance + norm.eps)[:, None, None]
    return np.maximum(normal * scale[:, None, None] + shift[:, None, None], 0)


@pytest.mark.parametrize("kernel", [3, 7])
def test_forward_pass_layer_by_layer(kernel):
    torch.manual_seed(0)
    network = SegNet(2, filters=3, kernel=kernel, contrast="none")
    network.train()(torch.rand(4, 1, 32, 48))  # batch statistics that differ from 0 and 1
    network.eval()
    image = np.random.default_rng(0).random((32, 48)).astype(np.float32)
    maps, remembered = image[None].astype(float), []
    for encoder in network.encoders:
        maps = convolved(maps, encoder)
        shape = maps.shape[1:]
        maps, places = zip(*(pooled(plane) for plane in maps), strict=True)
        maps = np.stack(maps)
        remembered.append((places, shape))
    for decoder in network.decoders:
        places, shape = remembered.pop()
        planes = np.zeros((len(maps), *shape))
        for plane, values, where in zip(planes, maps, places, strict=True):
            plane.flat[where.ravel()] = values.ravel()
        maps = convolved(planes, decoder)
    weights = network.classifier.weight.detach().numpy()[:, :, 0, 0]
    expected = np.tensordot(weights, maps, 1) + network.classifier.bias.detach().numpy()[:, None, None]
    with torch.inference_mode():
        found = network(torch.from_numpy(image)[None, None])[0].numpy()
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize(("kernel", "parameters"), [(7, 1_409_730), (3, 260_290)])
def test_published_size(kernel, parameters):
    assert sum(p.numel() for p in SegNet(2, kernel=kernel).parameters()) == parameters


def test_even_kernels_are_refused():
    with pytest.raises(ValueError, match="kernel"):
        SegNet(2, kernel=4)


def gaussian_mean(image):
    return ndimage.gaussian_filter(image, SIGMA_PX, mode="mirror", radius=WIDTH_PX // 2)


@pytest.mark.parametrize("form", ["divisive", "jarrett"])
def test_contrast_against_scipy(form):
    image = np.random.default_rng(1).random((40, 31))
    difference = image - gaussian_mean(image)
    power = gaussian_mean(difference**2)
    if form == "divisive":
        expected = difference / np.sqrt(power + FLOOR**2)
    else:
        expected = difference / np.maximum(np.sqrt(power).mean(), np.sqrt(power))
    found = ContrastNormalization(form)(torch.from_numpy(image)[None, None])[0, 0].numpy()
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_contrast_of_a_flat_image_is_nothing():
    flat = torch.full((1, 1, 16, 16), 0.7)
    for form in ("divisive", "jarrett"):
        assert ContrastNormalization(form)(flat).abs().max() < 1e-3


def test_channels_are_normalised_each_by_itself():
    images = torch.rand(2, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    module = ContrastNormalization("jarrett")
    alone = torch.stack([module(images[:, c : c + 1])[:, 0] for c in range(3)], dim=1)
    torch.testing.assert_close(module(images), alone)


def test_unknown_form_is_refused():
    with pytest.raises(ValueError, match="form"):
        ContrastNormalization("local")


@pytest.mark.parametrize("size", [(32, 48), (33, 47)])
def test_maxima_go_back_to_where_torch_puts_them(size):
    torch.manual_seed(0)
    maps = torch.randn(2, 3, *size)
    pooled_maps, places = max_pool2d(maps, 2, return_indices=True)
    identity = torch.nn.ModuleList([torch.nn.Identity()])
    assert torch.equal(
        encode_decode(identity, identity, maps), max_unpool2d(pooled_maps, places, 2, output_size=size)
    )
