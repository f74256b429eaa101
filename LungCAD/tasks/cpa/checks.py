"""Whether the heat maps of a scan can be believed, one map per network that found its sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch.nn.functional import interpolate

from LungCAD.progress import Progress, each, silent
from LungCAD.report.signs import CheckCurve, MapCheck
from LungCAD.saliency import PixelCurve, deletion, forget_cascading, insertion
from LungCAD.tasks.cpa.evidence import SignEvidence, images_for
from LungCAD.tasks.cpa.networks import PRESENT
from LungCAD.tasks.cpa_projections import REGIONS, Projections


def check_maps(
    signs: Sequence[SignEvidence],
    present: Mapping[str, Sequence[str]],
    projections: Projections,
    score: str,
    progress: Progress = silent,
) -> tuple[MapCheck, ...]:
    """Check the map of every network on the region where it is surest of its sign.

    present : regions by sign; networks of signs that are nowhere have no map to be checked. score : what the
    maps explain, as `grad_cam`.
    """
    asked = [one for one in signs if present[one.network.task]]
    return tuple(
        _check(one, max(present[one.network.task], key=one.probability.__getitem__), projections, score)
        for one in each(asked, progress, "Checking the heat maps")
    )


def _check(one: SignEvidence, region: str, projections: Projections, score: str) -> MapCheck:
    asked, number = one.network, REGIONS.index(region)
    pictures = projections.of_regions(asked.axis, asked.input.shares)[number : number + 1]
    images, (empty,) = images_for(asked, pictures), images_for(asked, torch.zeros_like(pictures))
    maps = one.upright.maps[number][None, None]
    heat = interpolate(maps, images.shape[-2:], mode="bilinear", align_corners=False)[0, 0]
    gone = deletion(asked.network, images[0], heat, PRESENT, empty=empty)
    come = insertion(asked.network, images[0], heat, PRESENT, empty=empty)
    forgotten = forget_cascading(asked.network, images, PRESENT, asked.layer, score=score)
    return MapCheck(
        sign=asked.task,
        axis=asked.axis,
        region=region,
        deletion=_curve(gone),
        insertion=_curve(come),
        forgotten=forgotten[-1].similarity,
    )


def _curve(curve: PixelCurve) -> CheckCurve:
    given, by_chance = (tuple(each.tolist()) for each in (curve.probability, curve.by_chance))
    return CheckCurve(given, by_chance, curve.area, curve.area_by_chance)
