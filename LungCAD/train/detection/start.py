"""First weights that suit the data: CNN-F has nothing that would balance its layers while it learns.

After Krähenbühl et al., "Data-dependent initializations of convolutional neural networks", ICLR 2016. The
published detector begins with what ImageNet taught, whose first filters are bars, edges and spots of all
directions. Few filters from scratch do not become such: they stay noise, or die, and nets of lines look like
lumps to what comes after.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from LungCAD.errors import InputError
from LungCAD.networks import CNNF
from LungCAD.train.detection.parameters import DetectionTrainingParameters
from LungCAD.train.detection.slices import SliceSet

LEAST_SD = 1e-3

BARS_PX, EDGES_PX = (3.5, 5.0), (4.2,)
"""Wavelengths; the septa of a lung are a pixel or two wide."""

SD_PER_WAVE = 0.36
"""Of a filter's Gaussian: one bar with its flanks, or one edge."""

SPOT_PX, AROUND_PX, MEAN_PX = 1.0, 2.3, 3.0
"""Standard deviations: of a spot, of what it is compared with, and of what only says how dense lung is."""

DIRECTIONS = 4
FILTERS = 16
"""So many are made at a time; wider networks have more directions of each."""

LOW, NORMAL, HIGH = range(3)
"""Channels of the images: the windows of attenuation."""

CHANCE = 0.05
"""Part of the weights before that stays."""


def balance_layers(network: CNNF, images: torch.Tensor) -> None:
    """Scale and shift every layer but the last so that each channel has mean 0 and SD 1 on these images.

    images : (N, 3, side, side) as the network takes them; some dozens are enough.
    """
    layers = [module for module in network.modules() if isinstance(module, nn.Conv2d | nn.Linear)][:-1]
    hooks = [layer.register_forward_hook(_balance) for layer in layers]
    with torch.inference_mode():
        network.eval()(images)
    for hook in hooks:
        hook.remove()


def orient_first_filters(network: CNNF) -> None:
    """Make the first filters bars, edges and spots in the window of the lung, and means in the two others.

    Of fewer than 16 filters the bars come first; what is left over stays random.
    """
    first = network.features.conv1
    _orient(first, range(len(first.weight)))


def require_renewable(count: int, network: CNNF | None) -> None:
    """Raise InputError unless a network to go on from has so many first filters; none of none is right."""
    if count and network is None:
        problem = "needs a network to go on from, whose convolutions learn"
        raise InputError(
            "renew", problem, "Give --start without --calibrate or --dense-only, or leave it out"
        )
    if count and count > (filters := network.features.conv1.out_channels):
        raise InputError("renew", f"is {count}, of {filters} first filters", "Make fewer anew")


def require_spread(
    slices: SliceSet, count: int, parameters: DetectionTrainingParameters, start: CNNF | None = None
) -> None:
    """Raise InputError where one slice alone is to be learned from, or to be normalised by.

    count : slices that are learned from. start : network to go on from; only what begins anew is normalised.
    """
    if count < 2:
        raise InputError(slices.source, "leaves one slice to learn from", "Give more slices")
    if parameters.normalise and start is None and parameters.batch < 2:
        problem = "is 1: one slice alone has no spread to normalise by"
        raise InputError("batch", problem, "Choose --batch 2 or more, or --no-normalise")


def renew_idle_filters(network: CNNF, images: torch.Tensor, count: int) -> list[int]:
    """Make anew, as bars, edges and spots, the first filters that a trained network uses least; return which.

    A filter's use is by how much the outputs change on the images (N, 3, side, side) when its response is
    everywhere what it is on average. What the next layer made of these filters is drawn anew as well.

    Raises
    ------
    InputError
        The first layer has fewer filters.
    """
    require_renewable(count, network)
    if not count:
        return []
    first, second = network.features.conv1, network.features.conv2
    with torch.no_grad():
        renewed = np.argsort(_uses(network.eval(), images), kind="stable")[:count].tolist()
        fresh = nn.init.kaiming_normal_(torch.empty_like(second.weight))
        second.weight[:, renewed] = fresh[:, renewed]
        _orient(first, renewed)
        mean, sd = _moments(first(images)[:, renewed])
        first.weight[renewed] /= sd[:, None, None, None]
        first.bias[renewed] = (first.bias[renewed] - mean) / sd
    return renewed


def _uses(network: CNNF, images: torch.Tensor) -> NDArray[np.float64]:
    first = network.features.conv1
    before, means = network(images), first(images).relu().mean((0, 2, 3))
    uses = []
    for channel, mean in enumerate(means):
        kept = first.weight[channel].clone(), first.bias[channel].clone()
        first.weight[channel], first.bias[channel] = 0.0, mean
        uses.append((network(images) - before).abs().mean().item())
        first.weight[channel], first.bias[channel] = kept
    return np.array(uses)


def _orient(layer: nn.Conv2d, channels: Sequence[int]) -> None:
    width = layer.kernel_size[0]
    filters = _filters(width, max(1, len(channels) // FILTERS))[: len(channels)]
    with torch.no_grad():
        for channel, (window, filter_) in zip(channels, filters, strict=False):
            layer.weight[channel] *= CHANCE
            layer.weight[channel, window] += torch.from_numpy(filter_).to(layer.weight)


def _filters(width: int, times: int) -> list[tuple[int, NDArray[np.float64]]]:
    """Return 16 x `times` filters (width, width) of norm 1, each with the window that it looks at."""
    y, x = np.mgrid[:width, :width] - (width - 1) / 2
    found = [
        (NORMAL, _wave(x * np.cos(angle) + y * np.sin(angle), np.hypot(x, y), length, phase))
        for lengths, phase in ((BARS_PX, 0.0), (EDGES_PX, np.pi / 2))
        for length in lengths
        for angle in np.arange(DIRECTIONS * times) * np.pi / (DIRECTIONS * times)
    ]
    spot, around, mean = (_bell(np.hypot(x, y), sd) for sd in (SPOT_PX, AROUND_PX, MEAN_PX))
    found += times * [(NORMAL, spot - around), (NORMAL, around - spot), (LOW, -mean), (HIGH, mean)]
    return [(window, filter_ / np.linalg.norm(filter_)) for window, filter_ in found]


def _wave(along: NDArray, away: NDArray, length: float, phase: float) -> NDArray[np.float64]:
    """Return a wave within a bell; even lung does not excite it."""
    bell = _bell(away, SD_PER_WAVE * length)
    wave = bell * np.cos(2 * np.pi * along / length + phase)
    return wave - wave.sum() * bell


def _bell(away: NDArray, sd: float) -> NDArray[np.float64]:
    bell = np.exp(-(away**2) / (2 * sd**2))
    return bell / bell.sum()


def _moments(outputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    over = [axis for axis in range(outputs.dim()) if axis != 1]
    return outputs.mean(over), outputs.std(over).clamp(min=LEAST_SD)


def _balance(layer: nn.Conv2d | nn.Linear, inputs: object, outputs: torch.Tensor) -> torch.Tensor:
    """Balance one layer and return what it gives then."""
    mean, sd = _moments(outputs)
    layer.weight.data.div_(sd.reshape(-1, *[1] * (layer.weight.dim() - 1)))
    layer.bias.data.sub_(mean).div_(sd)
    shape = [1, -1] + [1] * (outputs.dim() - 2)
    return (outputs - mean.reshape(shape)) / sd.reshape(shape)
