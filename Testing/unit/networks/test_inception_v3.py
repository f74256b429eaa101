"""Inception v3: the published counts and names, SAPSAM's head, and the arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from LungCAD.networks import InceptionV3

SOME_NAMES = {
    "Conv2d_1a_3x3.conv.weight": (32, 3, 3, 3),
    "Conv2d_4a_3x3.bn.running_var": (192,),
    "Mixed_5b.branch_pool.conv.weight": (32, 192, 1, 1),
    "Mixed_5d.branch5x5_2.conv.weight": (64, 48, 5, 5),
    "Mixed_6a.branch3x3dbl_3.conv.weight": (96, 96, 3, 3),
    "Mixed_6b.branch7x7dbl_5.conv.weight": (192, 128, 1, 7),
    "Mixed_6e.branch7x7_2.conv.weight": (192, 192, 1, 7),
    "Mixed_7a.branch7x7x3_4.conv.weight": (192, 192, 3, 3),
    "Mixed_7b.branch3x3_2a.conv.weight": (384, 384, 1, 3),
    "Mixed_7c.branch3x3dbl_3b.conv.weight": (384, 384, 3, 1),
    "Mixed_7c.branch1x1.conv.weight": (320, 2048, 1, 1),
    "fc.weight": (1000, 2048),
}


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def test_names_shapes_and_number_of_parameters_are_the_published_ones():
    with torch.device("meta"):
        network = InceptionV3(1000)
        whole = InceptionV3(1000, auxiliary=True)
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert {name: shapes[name] for name in SOME_NAMES} == SOME_NAMES
    assert sum(name.endswith("conv.weight") for name in shapes) == 94
    assert count(network) == 23_834_568
    assert count(whole) == 27_161_264
    extra = set(whole.state_dict()) - set(shapes)
    assert {name.split(".")[0] for name in extra} == {"AuxLogits"}
    assert whole.state_dict()["AuxLogits.conv1.conv.weight"].shape == (768, 128, 5, 5)


def test_the_head_of_the_paper_takes_the_place_of_the_last_layer():
    with torch.device("meta"):
        network = InceptionV3(2, head="dense")
    assert count(network.fc) == 2048 * 1024 + 1024 + 1024 * 1024 + 1024 + 2 * 1024 + 2
    assert len(list(network.first_blocks().children())) == 5


def test_the_auxiliary_classifier_speaks_in_training_alone():
    network = InceptionV3(3, auxiliary=True, width=1 / 32)
    network.eval()(torch.zeros(1, 3, 299, 299))
    assert network.auxiliary_logits is None
    network.train()(torch.zeros(2, 3, 299, 299))
    assert network.auxiliary_logits.shape == (2, 3)


class Plain:
    """The network written out, block by block, from Szegedy et al., CVPR 2016, figures 5 to 7 and table 1."""

    def __init__(self, state, layers):
        self.p, self.layers = {name: tensor.numpy() for name, tensor in state.items()}, layers

    def conv(self, x, name, stride=1, same=True):
        kernels = self.p[f"{name}.conv.weight"]
        if same:
            x = np.pad(x, ((0, 0), *((k // 2, k // 2) for k in kernels.shape[2:])))
        x = self.layers.convolve(x, kernels, np.zeros(len(kernels)), stride)
        mean, var, weight, bias = (
            self.p[f"{name}.bn.{part}"][:, None, None]
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        return np.maximum((x - mean) / np.sqrt(var + 1e-3) * weight + bias, 0)

    def chain(self, x, block, *names):
        for name in names:
            x = self.conv(x, f"{block}.{name}")
        return x

    def pooled(self, x, block):
        windows = np.lib.stride_tricks.sliding_window_view(
            np.pad(x, ((0, 0), (1, 1), (1, 1))), (3, 3), axis=(1, 2)
        )
        return self.conv(windows.mean((3, 4)), f"{block}.branch_pool")

    def forward(self, x):
        x = self.conv(x, "Conv2d_1a_3x3", 2, same=False)
        x = self.conv(self.conv(x, "Conv2d_2a_3x3", same=False), "Conv2d_2b_3x3")
        x = self.layers.largest(x, 3, 2)
        x = self.conv(self.conv(x, "Conv2d_3b_1x1"), "Conv2d_4a_3x3", same=False)
        x = self.layers.largest(x, 3, 2)
        for b in ("Mixed_5b", "Mixed_5c", "Mixed_5d"):
            long = self.chain(x, b, "branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3")
            five = self.chain(x, b, "branch5x5_1", "branch5x5_2")
            x = np.concatenate([self.chain(x, b, "branch1x1"), five, long, self.pooled(x, b)])
        long = self.chain(x, "Mixed_6a", "branch3x3dbl_1", "branch3x3dbl_2")
        long = self.conv(long, "Mixed_6a.branch3x3dbl_3", 2, same=False)
        short = self.conv(x, "Mixed_6a.branch3x3", 2, same=False)
        x = np.concatenate([short, long, self.layers.largest(x, 3, 2)])
        for b in ("Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"):
            seven = self.chain(x, b, "branch7x7_1", "branch7x7_2", "branch7x7_3")
            long = self.chain(x, b, *(f"branch7x7dbl_{i}" for i in range(1, 6)))
            x = np.concatenate([self.chain(x, b, "branch1x1"), seven, long, self.pooled(x, b)])
        short = self.conv(self.chain(x, "Mixed_7a", "branch3x3_1"), "Mixed_7a.branch3x3_2", 2, same=False)
        long = self.chain(x, "Mixed_7a", "branch7x7x3_1", "branch7x7x3_2", "branch7x7x3_3")
        long = self.conv(long, "Mixed_7a.branch7x7x3_4", 2, same=False)
        x = np.concatenate([short, long, self.layers.largest(x, 3, 2)])
        for b in ("Mixed_7b", "Mixed_7c"):
            short = self.chain(x, b, "branch3x3_1")
            long = self.chain(x, b, "branch3x3dbl_1", "branch3x3dbl_2")
            forks = [self.chain(short, b, f"branch3x3_2{f}") for f in "ab"]
            forks += [self.chain(long, b, f"branch3x3dbl_3{f}") for f in "ab"]
            x = np.concatenate([self.chain(x, b, "branch1x1"), *forks, self.pooled(x, b)])
        return self.p["fc.weight"] @ x.mean((1, 2)) + self.p["fc.bias"]


def test_every_layer_computes_what_it_should(layers):
    torch.manual_seed(0)
    network = InceptionV3(3, width=1 / 32).double().eval()
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith(("bn.weight", "running_var")):
                tensor.uniform_(0.5, 1.5)
            elif name.endswith(("bn.bias", "running_mean")):
                tensor.normal_(0, 0.2)
    image = torch.randn(3, 107, 99, dtype=torch.float64)
    with torch.no_grad():
        given = network(image[None])[0].numpy()
    np.testing.assert_allclose(given, Plain(network.state_dict(), layers).forward(image.numpy()), atol=1e-10)


def test_an_unknown_head_is_refused():
    with pytest.raises(ValueError, match="head"):
        InceptionV3(2, head="none")
