"""Through an encoder and a decoder that puts maxima back where they were (SegNet, arXiv 1511.00561)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import max_pool2d


def encode_decode(encoders: nn.ModuleList, decoders: nn.ModuleList, maps: torch.Tensor) -> torch.Tensor:
    """Return the maps (N, C, Y, X) after all encoders and decoders.

    2 x 2 max pooling follows every encoder; before every decoder the maps are unpooled to the places of the
    maxima of its encoder, the last encoder's first.
    """
    pooled = []
    for encoder in encoders:
        maps = encoder(maps)
        size = maps.shape[-2:]
        maps, places = max_pool2d(maps, 2, return_indices=True)
        pooled.append((places, size))
    for decoder, (places, size) in zip(decoders, reversed(pooled), strict=True):
        maps = decoder(_unpooled(maps, places, size))
    return maps


def _unpooled(maps: torch.Tensor, places: torch.Tensor, size: torch.Size) -> torch.Tensor:
    """Return maps (N, C, *size) with the values at their places, 0 elsewhere.

    As `max_unpool2d`, which Apple's GPUs lack.
    """
    flat = maps.new_zeros(*maps.shape[:2], size.numel())
    return flat.scatter_(2, places.flatten(2), maps.flatten(2)).unflatten(2, size)
