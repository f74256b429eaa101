"""LungNet: the sizes of its paper, its arithmetic in NumPy and SciPy, and what an output pixel sees."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import nn

from LungCAD.networks import LungNet
from LungCAD.networks.lungnet import CONFIGURATIONS, FIBONACCI, SkippedInstanceNorm

PARAMETERS = {
    "w/o dilated convolutions": 130_056,
    "w/o concatenation": 93_064,
    "w/o InstanceNorm": 129_094,
    "w/o InstanceNorm skip": 130_056,
    "16 kernels/layer": 46_744,
    "Exponential dilation": 103_240,
    "9 dilated layers": 116_648,
    "Proposed": 130_056,
    "64 kernels/layer": 421_096,
}


def with_random_parameters(network):
    """Give every parameter, those of the normalisation too, a value that would be missed."""
    torch.manual_seed(7)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 1:
                parameter.copy_(torch.randn_like(parameter))
    return network.eval()


@pytest.mark.parametrize("row", CONFIGURATIONS)
def test_number_of_parameters_of_every_network_in_table_2(row):
    network = LungNet(6, **CONFIGURATIONS[row])
    assert sum(parameter.numel() for parameter in network.parameters()) == PARAMETERS[row]


def normalized(maps, form, norm):
    if form == "none":
        return maps
    scale, shift = (tensor.detach().numpy()[:, None, None] for tensor in (norm.weight, norm.bias))
    centred = maps - maps.mean((1, 2), keepdims=True)
    instance = scale * centred / np.sqrt((centred**2).mean((1, 2), keepdims=True) + 1e-3) + shift
    return maps + instance if form == "skip" else instance


def convolved(maps, convolution, dilation):
    """Correlate with kernels that have zeros between their values, zeros beyond the border."""
    kernels, biases = convolution.weight.detach().numpy(), convolution.bias.detach().numpy()
    width = dilation * (kernels.shape[-1] - 1) + 1
    dilated = np.zeros((*kernels.shape[:2], width, width))
    dilated[:, :, ::dilation, ::dilation] = kernels
    return np.stack([
        bias + sum(ndimage.correlate(m, k, mode="constant") for m, k in zip(maps, row, strict=True))
        for row, bias in zip(dilated, biases, strict=True)
    ])  # fmt: skip


@pytest.mark.parametrize("row", CONFIGURATIONS)
def test_forward_pass_layer_by_layer(row):
    options = {**CONFIGURATIONS[row], "kernels": 3, "channels": 2}
    dilations = [min(dilation, 9) for dilation in options.get("dilations", FIBONACCI)]
    form = options.get("normalization", "skip")
    torch.manual_seed(0)
    network = with_random_parameters(LungNet(4, **{**options, "dilations": dilations}))
    image = np.random.default_rng(0).normal(0.5, 2, (2, 23, 31))
    maps = [normalized(image, form, network.contrast)]
    for block, dilation in zip(network.dilated, dilations, strict=True):
        maps.append(np.maximum(normalized(convolved(maps[-1], block[0], dilation), form, block[1]), 0))
    x = np.concatenate(maps) if options.get("concatenation", True) else maps[-1]
    for block in network.dense[1:-1]:
        x = np.maximum(normalized(convolved(x, block[0], 1), form, block[1]), 0)
    expected = convolved(x, network.dense[-1], 1)
    with torch.inference_mode():
        found = network(torch.from_numpy(image)[None].float())[0].numpy()
    np.testing.assert_allclose(found, expected, atol=1e-4 * max(1, np.abs(expected).max()))


class DetachedNorm(nn.Module):
    """Instance normalisation with skip whose statistics carry no gradient: they see the whole image."""

    def forward(self, x):
        variance, mean = torch.var_mean(x.detach(), (2, 3), correction=0, keepdim=True)
        return x + (x - mean) / (variance + 1e-3).sqrt()


def seen(network, pixels):
    """Return the rows and columns (first, last) that the middle pixel depends on."""
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if isinstance(child, SkippedInstanceNorm):
                setattr(parent, name, DetachedNorm())
            elif isinstance(child, nn.ReLU):
                setattr(parent, name, nn.Identity())
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_().clamp_min_(1e-2)
    image = torch.rand(1, 1, pixels, pixels, requires_grad=True)
    network.eval()(image)[0, 0, pixels // 2, pixels // 2].backward()
    places = np.argwhere(image.grad[0, 0].numpy() != 0)
    return [*places.min(0), *places.max(0)]


@pytest.mark.parametrize(
    ("options", "field"),
    [({}, 287), (CONFIGURATIONS["w/o dilated convolutions"], 21), (CONFIGURATIONS["9 dilated layers"], 177)],
)
def test_receptive_field(options, field):
    torch.manual_seed(0)
    pixels = 301
    reach = field // 2
    middle = pixels // 2
    assert seen(LungNet(2, kernels=2, **options), pixels) == [middle - reach] * 2 + [middle + reach] * 2


def test_labels_move_with_a_lesion():
    torch.manual_seed(3)
    network = with_random_parameters(LungNet(5, kernels=2))
    lesion = torch.randn(24, 20)
    margin, (dy, dx) = 286, (7, 12)
    size = (2 * margin + 24 + dy, 2 * margin + 20 + dx)
    labels = []
    for y, x in ((margin, margin), (margin + dy, margin + dx)):
        image = torch.full((1, 1, *size), 0.2)
        image[..., y : y + 24, x : x + 20] = lesion
        with torch.inference_mode():
            labels.append(network(image)[0].argmax(0).numpy())
    here, there = (plane[143 + s[0] : 143 + s[0] + 310, 143 + s[1] : 143 + s[1] + 306]
                   for plane, s in zip(labels, ((0, 0), (dy, dx)), strict=True))  # fmt: skip
    assert len(np.unique(here)) >= 3
    assert (here == there).mean() >= 0.9999
    assert (here != labels[1][143 : 143 + 310, 143 : 143 + 306]).any()


def test_a_constant_gain_of_the_image_is_seen_less_with_instance_norm():
    torch.manual_seed(0)
    image = torch.rand(1, 1, 24, 24)
    with torch.inference_mode():
        plain, skip, none = (
            (network(3 * image + 5) - network(image)).abs().mean() / network(image).std()
            for network in (LungNet(2, normalization=form).eval() for form in ("instance", "skip", "none"))
        )
    assert plain < 0.05 < skip < none


def test_kernels_begin_as_he_says():
    torch.manual_seed(0)
    weight = LungNet(6).dilated[4][0].weight
    assert weight.std().item() == pytest.approx(np.sqrt(2 / (9 * 32)), rel=0.03)


def test_dropout_rests_after_training():
    network, image = LungNet(2, kernels=2), torch.rand(1, 1, 16, 16)
    assert not torch.equal(network(image), network(image))
    network.eval()
    assert torch.equal(network(image), network(image))


def test_unknown_normalization_is_refused():
    with pytest.raises(ValueError, match="normalization"):
        LungNet(2, normalization="batch")
