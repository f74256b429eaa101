"""Regions layer by layer along the rays: how deep in its projection a sign lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from LungCAD.progress import Progress, each
from LungCAD.tasks.cpa.evidence import SignEvidence, look
from LungCAD.tasks.cpa_projections import AXES, REGIONS, ProjectionVolume, project, region_box

LAYERS = {"axial": 6, "coronal": 16, "sagittal": 8}
"""Layers of a region along the rays of a direction: 12, 16 and 16 voxels of the projection grid."""


def look_in_layers(
    evidence: Sequence[SignEvidence],
    volume: ProjectionVolume,
    regions: Sequence[Sequence[str]],
    score: str,
    progress: Progress,
) -> None:
    """Fill in `SignEvidence.deep` of networks of one direction, each for the regions named for it.

    The lungs but for a layer are left away, and the rest is projected as ever; layers overlap by half. What a
    network sees in a layer lies there.
    """
    axis = evidence[0].network.axis
    wanted = [region for region in REGIONS if any(region in named for named in regions)]
    seen: list[list[torch.Tensor]] = [[] for _ in evidence]
    for layer in each(range(LAYERS[axis]), progress, f"Looking for the place, {axis}"):
        slab = replace(volume, lungs=_layer_of(volume.lungs, wanted, axis, layer), aerated=None)
        projections = project(slab) if slab.lungs.any() else None
        for one, named, maps in zip(evidence, regions, seen, strict=True):
            numbers = [REGIONS.index(region) for region in named]
            if projections is None:
                maps.append(torch.zeros(len(numbers), *one.upright.maps.shape[1:]))
            elif numbers:
                pictures = projections.of_regions(axis, one.network.input.shares)[numbers]
                maps.append(look(one.network, pictures, score).maps)
    for one, named, maps in zip(evidence, regions, seen, strict=True):
        if named:
            one.deep = dict(zip(named, torch.stack(maps, dim=1), strict=True))


def _layer_of(lungs: torch.Tensor, regions: Sequence[str], axis: str, layer: int) -> torch.Tensor:
    """Return the part of the lungs that lies in one layer of the regions that are named."""
    along = AXES.index(axis)
    part = torch.zeros_like(lungs)
    for region in regions:
        box = list(region_box(REGIONS.index(region), tuple(lungs.shape)))
        start, stop, _ = box[along].indices(lungs.shape[along])
        cell = (stop - start) / LAYERS[axis]
        low, high = start + round((layer - 0.5) * cell), start + round((layer + 1.5) * cell)
        box[along] = slice(max(low, start), min(high, stop))
        part[tuple(box)] = lungs[tuple(box)]
    return part
