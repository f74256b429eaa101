"""First weights: balanced layers, and first filters that see bars, edges and spots."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import conv2d

from LungCAD.errors import InputError
from LungCAD.networks import CNNF
from LungCAD.train.detection.start import (
    DIRECTIONS,
    FILTERS,
    balance_layers,
    orient_first_filters,
    renew_idle_filters,
)

NORMAL = 1


def oriented(width):
    torch.manual_seed(0)
    network = CNNF(4, width=width, dense=8)
    orient_first_filters(network)
    return network


def grating(angle, period, side=224):
    """Return an image of waves along the direction `angle` in the window of the lung."""
    y, x = np.mgrid[:side, :side]
    waves = np.cos(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period)
    images = torch.zeros(1, 3, side, side)
    images[0, NORMAL] = torch.from_numpy(0.3 * waves)
    return images


def test_balanced_layers_have_channels_of_mean_0_and_sd_1():
    torch.manual_seed(0)
    network, images = CNNF(4, width=1 / 16, dense=8), 3 + torch.randn(24, 3, 224, 224)
    balance_layers(network, images)
    maps = images
    with torch.inference_mode():
        for name, layer in network.eval().features.named_children():
            maps = layer(maps)
            if name.startswith("conv"):
                torch.testing.assert_close(
                    maps.mean((0, 2, 3)), torch.zeros(maps.shape[1]), atol=1e-3, rtol=0
                )
                torch.testing.assert_close(maps.std((0, 2, 3)), torch.ones(maps.shape[1]), atol=1e-3, rtol=0)


@pytest.mark.parametrize(
    ("width", "directions"), [(1 / 4, DIRECTIONS), (1 / 2, 2 * DIRECTIONS), (1, 4 * DIRECTIONS)]
)
def test_bars_answer_to_lines_of_their_direction(width, directions):
    """Lines of 3.5 px in any direction: of the filters for these, the one of that direction answers most."""
    first = oriented(width).features.conv1
    for number in range(directions):
        with torch.inference_mode():
            found = first(grating(number * np.pi / directions, 3.5))[0, :directions].std((1, 2))
        assert found.argmax() == number
        across = (number + directions // 2) % directions
        assert found[number] > 10 * found[across]


def test_lung_without_structure_excites_only_means():
    """Bars and edges must not answer to density, which tells diseases apart only too easily."""
    even = torch.zeros(1, 3, 224, 224)
    even[:, NORMAL] = 0.5
    weights = oriented(1 / 4).features.conv1.weight.detach()
    weights = weights - 0.05 * untouched(1 / 4).features.conv1.weight.detach()
    answers = conv2d(even, weights).abs().amax((0, 2, 3))
    assert answers.max() < 1e-5
    dark, dense = -torch.ones(1, 3, 224, 224), torch.ones(1, 3, 224, 224)
    lowest, highest = (conv2d(image, weights)[0, -2:].mean((1, 2)) for image in (dark, dense))
    assert lowest[0] > 1 > lowest[1]
    assert highest[1] > 1 > highest[0]


def untouched(width):
    torch.manual_seed(0)
    return CNNF(4, width=width, dense=8)


@pytest.mark.parametrize("filters", [4, 24])
def test_other_numbers_of_filters_keep_what_is_left_over_to_chance(filters):
    network, before = oriented(filters / 64), untouched(filters / 64)
    changed = (network.features.conv1.weight != before.features.conv1.weight).flatten(1).any(1)
    assert changed.tolist() == [number < FILTERS for number in range(filters)]


def trained_with_idle(idle):
    network = untouched(1 / 8)
    torch.manual_seed(1)
    images = torch.randn(8, 3, 224, 224)
    balance_layers(network, images)
    with torch.no_grad():
        network.features.conv1.weight[idle] = 0
        network.features.conv1.bias[idle] = -1
    return network, images


def test_filters_that_do_nothing_are_made_anew_and_no_others():
    idle = [1, 6]
    network, images = trained_with_idle(idle)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    assert sorted(renew_idle_filters(network, images, 2)) == idle
    first, second = (getattr(network.features, name).weight.detach() for name in ("conv1", "conv2"))
    others = [number for number in range(8) if number not in idle]
    assert torch.equal(first[others], before["features.conv1.weight"][others])
    assert torch.equal(second[:, others], before["features.conv2.weight"][:, others])
    assert not torch.equal(second[:, idle], before["features.conv2.weight"][:, idle])
    with torch.inference_mode():
        answers = network.features.conv1(images)[:, idle]
    torch.testing.assert_close(answers.mean((0, 2, 3)), torch.zeros(2), atol=1e-4, rtol=0)
    torch.testing.assert_close(answers.std((0, 2, 3)), torch.ones(2), atol=1e-3, rtol=0)
    unchanged = [name for name in before if not name.startswith(("features.conv1", "features.conv2.weight"))]
    assert all(torch.equal(network.state_dict()[name], before[name]) for name in unchanged)


def test_nothing_is_made_anew_unless_it_is_asked_for():
    network, images = trained_with_idle([3])
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    assert renew_idle_filters(network, images, 0) == []
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    with pytest.raises(InputError, match="is 9, of 8 first filters"):
        renew_idle_filters(network, images, 9)
