"""LungNet on a CPU: the same outputs in less time and memory."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.functional import conv2d, linear

from LungCAD.networks.lungnet import LungNet, SkippedInstanceNorm

BLOCK = 1024
"""Pixels whose values in all maps a 1 x 1 convolution takes side by side: few enough for the cache."""


@torch.inference_mode()
def lungnet_logits(network: LungNet, images: torch.Tensor) -> torch.Tensor:
    """Return what `network(images)` returns in evaluation mode, up to rounding.

    Maps lie in memory pixel by pixel (channels last), where a convolution takes about the same time at every
    dilation; normalisation is one linear function per map, applied in place; the 1 x 1 convolutions are
    matrix products over blocks of pixels, so that the maps are never copied side by side as a whole.

    Parameters
    ----------
    network : on the CPU, as the images.
    images : (N, channels, Y, X) float, of any size above one pixel; taken one after the other.
    """
    return torch.cat([_logits(network, image[None]) for image in images])


def _logits(network: LungNet, image: torch.Tensor) -> torch.Tensor:
    maps = [_channels_last(network.contrast(image))]
    for convolution, norm, _ in network.dilated:
        maps.append(_activate(_convolve(maps[-1], convolution), norm))
    seen = maps if network.concatenation else maps[-1:]
    _, *blocks, last = network.dense
    for convolution, norm, _ in blocks:
        seen = [_activate(_pointwise(seen, convolution), norm)]
    return _pointwise(seen, last).contiguous()


def _convolve(maps: torch.Tensor, layer: nn.Conv2d) -> torch.Tensor:
    weight = _channels_last(layer.weight)
    return conv2d(maps, weight, layer.bias, padding=layer.padding, dilation=layer.dilation)


def _pointwise(sources: Sequence[torch.Tensor], layer: nn.Conv2d) -> torch.Tensor:
    """Convolve (1 x 1) the maps of all sources as if they were one after the other."""
    rows = [source[0].permute(1, 2, 0).flatten(0, 1) for source in sources]
    weight, bias = _for_onednn(layer.weight.flatten(1)), _for_onednn(layer.bias)
    outputs = rows[0].new_empty(len(rows[0]), layer.out_channels)
    for start in range(0, len(outputs), BLOCK):
        block = slice(start, start + BLOCK)
        beside = torch.cat([row[block] for row in rows], dim=1)
        outputs[block] = linear(_for_onednn(beside), weight, bias).to_dense()
    return outputs.unflatten(0, sources[0].shape[2:]).permute(2, 0, 1)[None]


def _for_onednn(matrix: torch.Tensor) -> torch.Tensor:
    """Have a product computed by oneDNN, which uses AVX-512 where torch's own choice may not."""
    single = matrix.dtype == torch.float32
    return matrix.detach().to_mkldnn() if single and torch.backends.mkldnn.is_available() else matrix


def _activate(maps: torch.Tensor, norm: nn.Module) -> torch.Tensor:
    """Normalise and rectify in place: with the statistics known, maps become relu(scale * maps + shift)."""
    if isinstance(norm, nn.InstanceNorm2d):
        # With channels last this is many times faster than torch.var_mean.
        mean, variance = torch.batch_norm_update_stats(maps, None, None, 0.0)
        scale = norm.weight * (variance + norm.eps).rsqrt()
        shift = norm.bias - mean * scale
        if isinstance(norm, SkippedInstanceNorm):
            scale = scale + 1
        pixels = maps.permute(0, 2, 3, 1)
        torch.addcmul(shift, pixels, scale, out=pixels)
    return maps.relu_()


def _channels_last(tensor: torch.Tensor) -> torch.Tensor:
    """Return a copy with channels last; a single channel too gets the strides that say so."""
    return tensor.permute(0, 2, 3, 1).clone(memory_format=torch.contiguous_format).permute(0, 3, 1, 2)
