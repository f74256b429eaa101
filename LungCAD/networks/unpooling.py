"""Through an encoder and a decoder that puts maxima back where they were (SegNet, arXiv 1511.00561)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import max_pool2d, max_unpool2d


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
        maps = decoder(max_unpool2d(maps, places, 2, output_size=size))
    return maps
