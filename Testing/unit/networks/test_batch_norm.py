"""Normalisation for training alone: folded into the layers it computes the same, under their own names."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from LungCAD.networks import CNNF
from LungCAD.networks.batch_norm import NormalisedLayer, add_batch_norm, fold_batch_norm
from LungCAD.networks.vgg19 import VGG19


def vgg19():
    network = VGG19(2, width=1 / 16, head="average")
    add_batch_norm(network.features)
    return network


def cnn_f():
    network = CNNF(4, width=1 / 32, dense=6)
    add_batch_norm(network.features)
    add_batch_norm(network.classifier, but_last=True)
    return network


@pytest.mark.parametrize(
    ("make", "plain", "side", "normalised"),
    [
        (vgg19, lambda: VGG19(2, width=1 / 16, head="average"), 32, 16),
        (cnn_f, lambda: CNNF(4, 1 / 32, 6), 224, 7),
    ],
)
def test_folded_it_computes_the_same(make, plain, side, normalised):
    torch.manual_seed(1)
    network = make().double()
    assert sum(isinstance(module, NormalisedLayer) for module in network.modules()) == normalised
    for _ in range(3):
        network(torch.randn(4, 3, side, side, dtype=torch.float64))
    for name, tensor in network.state_dict().items():
        if "normalisation" in name and name.endswith(("weight", "bias")):
            tensor.uniform_(0.5, 1.5)
    images = torch.randn(2, 3, side, side, dtype=torch.float64)
    network.eval()
    with torch.no_grad():
        wanted = network(images)
        folded = copy.deepcopy(network)
        fold_batch_norm(folded.features)
        fold_batch_norm(folded.classifier)
        torch.testing.assert_close(folded(images), wanted)
    assert list(folded.state_dict()) == list(plain().state_dict())


def test_the_outputs_of_a_network_are_left_alone():
    row = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    add_batch_norm(row, but_last=True)
    assert [type(layer) for layer in row] == [NormalisedLayer, nn.ReLU, nn.Linear]
    add_batch_norm(row)
    assert [type(layer) for layer in row] == [NormalisedLayer, nn.ReLU, NormalisedLayer]
