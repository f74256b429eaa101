"""The projections themselves with the heat of their Grad-CAM, as in figure 3 of SAPSAM."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate

from LungCAD.report.signs import Picture
from LungCAD.tasks.cpa.evidence import SignEvidence, View, look, relative
from LungCAD.tasks.cpa.networks import CpaNetwork
from LungCAD.tasks.cpa_projections import AXES, REGIONS, Projections

LEVELS, SIDES = ("upper", "middle", "lower"), ("right", "left")


def sign_pictures(
    evidence: SignEvidence, projections: Projections, probability: Mapping[str, float]
) -> Iterator[Picture]:
    """Yield the six regions of a direction put together to pictures of whole lungs.

    probability : of the regions that are judged; the others stay without heat.
    """
    yield from _of_regions(evidence.network, evidence.upright, projections, probability)


def pictures_against(
    network: CpaNetwork, projections: Projections, probability: Mapping[str, float], score: str
) -> Iterator[Picture]:
    """Yield the same with the heat of what speaks against the sign, bright where it is absent."""
    pictures = projections.of_regions(network.axis, network.input.shares)
    view = look(network, pictures, score, counterfactual=True)
    absent = {region: 1 - value for region, value in probability.items()}
    for picture in _of_regions(network, view, projections, absent):
        yield replace(picture, against=True)


def whole_picture(network: CpaNetwork, view: View, projections: Projections) -> Picture:
    """Return the projection of the whole scan with the heat of a network that judges the whole."""
    grey = projections.whole[network.axis][None, None].cpu()
    heat = _fitted(view.maps, grey) * view.probability
    if network.axis != AXES[0]:
        grey, heat = grey.flip(2), heat.flip(2)
    return Picture(
        network.task, network.axis, "", _channels_last(grey[0].expand(3, -1, -1)), heat[0, 0].numpy()
    )


def _of_regions(
    network: CpaNetwork, view: View, projections: Projections, strength: Mapping[str, float]
) -> Iterator[Picture]:
    """Put the regions together; strength : of the heat in each, 0 where nothing is said."""
    axis = network.axis
    tiles = projections.regions[axis]
    heat = _fitted(view.maps, tiles) * torch.tensor(
        [strength.get(region, 0.0) for region in REGIONS]
    ).reshape(-1, 1, 1, 1)
    for part, image in _assembled(tiles, axis).items():
        shown = _assembled(heat, axis)[part]
        yield Picture(network.task, axis, part, _channels_last(image), shown[0].numpy())


def _fitted(maps: torch.Tensor, pictures: torch.Tensor) -> torch.Tensor:
    """Return maps (N, y, x) as (N, 1, Y, X) of the pictures' size, each divided by its largest value."""
    scaled = torch.stack([relative(heat) for heat in maps])[:, None]
    return interpolate(scaled, pictures.shape[-2:], mode="bilinear", align_corners=False)


def _assembled(tiles: torch.Tensor, axis: str) -> dict[str, torch.Tensor]:
    """Put tiles (6, C, Y, X) of the regions side by side and above one another: (C, Y, X) by part.

    Regions are the three levels of the right lung from above, then those of the left. Rows of coronal and
    sagittal tiles ascend; pictures have the head above.
    """
    by_side = tiles.cpu().unflatten(0, (len(SIDES), len(LEVELS)))
    if axis == "axial":
        return {level: torch.cat(list(by_side[:, i]), dim=2) for i, level in enumerate(LEVELS)}
    lungs = [torch.cat([tile.flip(1) for tile in levels], dim=1) for levels in by_side]
    if axis == "coronal":
        return {"": torch.cat(lungs, dim=2)}
    return dict(zip(SIDES, lungs, strict=True))


def _channels_last(image: torch.Tensor) -> NDArray[np.float32]:
    return image.permute(1, 2, 0).contiguous().numpy()
