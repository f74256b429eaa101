"""Chronic pulmonary aspergillosis and what resembles it, region by region, as often as in a cohort.

Six regions: right upper, middle, lower, then left; thirds of the scan and halves of the thorax.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from LungCAD.phantom.cavities import SHARP_MM, claim
from LungCAD.phantom.distractors import DISTRACTORS, place_distractor
from LungCAD.phantom.lesions import Lesion, LungSpace
from LungCAD.phantom.structures import Points, Values, smooth_noise

SIGNS = ("cavity", "fungus_ball", "pleural_thickening")

REGIONS = 6

STUDIES = 276
OCCURRENCE = {
    "cavity": (121, 15, 15, 172, 33, 5),
    "fungus_ball": (143, 10, 9, 119, 14, 3),
    "pleural_thickening": (143, 8, 3, 169, 12, 8),
}
"""Studies of 276 that show a sign in each region (SAPSAM, Table 1)."""

UNIFORM = {"cavity": 0.36, "fungus_ball": 0.18, "pleural_thickening": 0.22}
"""Part of the regions with each sign where place must not tell: for training. Half of the cavities have a
ball, lest cavities be taken for balls."""

BALL_IN_CAVITY = 0.75
"""Most of a region's cavities that have a ball. All balls lie in cavities, therefore the right upper region
has fewer balls than in the cohort, whose readers ticked more balls than cavities there."""

DISTRACTED = 0.5
"""Part of the regions with something that is no sign."""

DISTRACTED_BESIDE_SIGN = 0.25

CAVITY_MM, BALL_PART = (9.0, 28.0), (0.35, 0.62)
"""Outer radius of a cavity; radius of a ball as a part of it."""

STRETCH, ROUGHNESS = 0.2, (0.05, 0.12)
"""How far a cavity is from round: log of the half axes, and part of the radius."""

SINKS, REACHES = 0.8, (0.4, 1.0)
"""A ball that sinks all the way has its far side at this part of the radius; how much of the way it sinks."""

RIND_MM, RIND_BREADTH_MM = (6.0, 14.0), (35.0, 70.0)
"""Thickness of a pleural rind in its middle, and how far it reaches around."""

UNIFORM_RIND_MM, UNIFORM_BREADTH_MM = (4.0, 14.0), (25.0, 70.0)
"""The same for training: smaller ones as well."""

LEAST_OUTWARD = 0.4
"""Part of a surface's normal that points away from the thorax's middle, or up, where ribs lie behind it."""

BETWEEN_RIBS_MM = 14.0
"""From a surface midway between two ribs to either of them, at most."""

APEX_FROM = 0.75
"""Height in the lungs above which a surface that faces up is the apex."""

PRESENT_PART, PRESENT_ML = 0.25, 0.4
"""A region shows a sign where it has at least so much of a lesion of it."""


class Ticks(NamedTuple):
    """What a region shall show."""

    cavity: bool
    fungus_ball: bool
    pleural_thickening: bool
    distractor: str | None


@dataclass(frozen=True)
class Sheet:
    """What lies in a lung: the lesions, and the signs that each region shows, (6, 3) bool."""

    lesions: list[Lesion]
    signs: NDArray[np.bool_]


def draw_ticks(rng: np.random.Generator, disease: bool, uniform: bool) -> list[Ticks]:
    """Draw what each region shall show; a diseased lung has at least one sign.

    uniform : every region as often as any other, for training, instead of as often as in the cohort.
    """
    while True:
        ticks = [_region_ticks(region, rng, disease, uniform) for region in range(REGIONS)]
        if not disease or any(any(tick[:3]) for tick in ticks):
            return ticks


def _region_ticks(region: int, rng: np.random.Generator, disease: bool, uniform: bool) -> Ticks:
    often = UNIFORM if uniform else {sign: OCCURRENCE[sign][region] / STUDIES for sign in SIGNS}
    cavity = disease and rng.random() < often["cavity"]
    ball = cavity and rng.random() < min(BALL_IN_CAVITY, often["fungus_ball"] / often["cavity"])
    pleura = disease and rng.random() < often["pleural_thickening"]
    distracted = rng.random() < (DISTRACTED_BESIDE_SIGN if cavity or ball or pleura else DISTRACTED)
    return Ticks(cavity, ball, pleura, str(rng.choice(list(DISTRACTORS))) if distracted else None)


def place_lesions(
    space: LungSpace,
    regions: NDArray,
    costal: NDArray[np.bool_],
    ticks: list[Ticks],
    voxel_ml: float,
    rng: np.random.Generator,
    uniform: bool = False,
) -> Sheet:
    """Place what the ticks ask for; a region without room for it goes without.

    regions : (N,) region of each voxel of the lung space, 0..5. costal : (N,) as of `costal_surface`.
    voxel_ml : volume of a voxel. uniform : signs are for training, of more sizes.
    """
    free = np.ones(len(space.index), np.float32)
    lesions: list[Lesion] = []
    for region, tick in enumerate(ticks):
        inside = regions == region
        if inside.any():
            free = _place_signs(space, inside, costal, tick, lesions, free, rng, uniform)
    for region, tick in enumerate(ticks):
        inside = regions == region
        if inside.any() and tick.distractor:
            place = _place(space, inside & (free > 0.9), rng, least_depth=3.0)
            free = place_distractor(tick.distractor, space, place, inside, lesions, free, rng)
    return Sheet(lesions, _shown(lesions, regions, voxel_ml))


def _place_signs(
    space: LungSpace,
    inside: NDArray[np.bool_],
    costal: NDArray[np.bool_],
    tick: Ticks,
    lesions: list[Lesion],
    free: Values,
    rng: np.random.Generator,
    uniform: bool,
) -> Values:
    if tick.cavity:
        radius = rng.uniform(*CAVITY_MM)
        place = _place(space, inside & (free > 0.9), rng, least_depth=0.5 * radius)
        near = np.flatnonzero(np.abs(space.points - place).max(axis=1) < 1.8 * radius)
        rough = np.ones(len(free), np.float32)
        rough[near] += rng.uniform(*ROUGHNESS) * smooth_noise(space.points[near], 15, rng)
        stretch = np.exp(rng.uniform(-STRETCH, STRETCH, 3))
        distance = np.linalg.norm((space.points - place) * stretch, axis=1) * rough
        if tick.fungus_ball:
            part = rng.uniform(*BALL_PART)
            down = rng.normal((0.0, 1.0, 0.0), 0.4)  # towards the back: the patient lies on it
            down *= rng.uniform(*REACHES) * (SINKS - part) * radius / np.linalg.norm(down)
            ball = np.linalg.norm((space.points - place - down / stretch) * stretch, axis=1) * rough
            free = claim(lesions, "fungus_ball", ball / (part * radius), part * radius, free, SHARP_MM)
        free = claim(lesions, "cavity", distance / radius, radius, free, SHARP_MM)
    if tick.pleural_thickening:
        breadth = rng.uniform(*(UNIFORM_BREADTH_MM if uniform else RIND_BREADTH_MM))
        place = _place(space, inside & costal & (space.depth < 4), rng, least_depth=0.0)
        distance = np.linalg.norm(space.points - place, axis=1)
        shallow = np.flatnonzero(costal & (space.depth < 20) & (distance < breadth))
        if not len(shallow):  # no rib lies beside the region
            return free
        thickness = np.full(len(free), 0.01, np.float32)
        thickest = rng.uniform(*(UNIFORM_RIND_MM if uniform else RIND_MM))
        thickness[shallow] = thickest * np.clip(1.2 * (1 - distance[shallow] / breadth), 0, 1)
        thickness[shallow] *= np.clip(1 + 0.25 * smooth_noise(space.points[shallow], 12, rng), 0.3, None)
        reach = space.depth / np.maximum(thickness, 0.01)
        free = claim(lesions, "pleural_thickening", reach, 4.0, free, SHARP_MM)
    return free


def costal_surface(space: LungSpace, bone: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which voxels (N,) have a surface nearest that faces ribs, not the heart or the diaphragm.

    bone : (z, y, x). Where cartilage or nothing follows on a rib, no scan shows how thick the pleura is.
    """
    depth = np.zeros(space.shape, np.float32)
    depth.ravel()[space.index] = space.depth
    spacing = np.ptp(space.points, axis=0) / np.maximum(
        np.ptp(np.unravel_index(space.index, space.shape), 1), 1
    )
    inward = np.stack(
        [slope.ravel()[space.index] for slope in np.gradient(ndimage.gaussian_filter(depth, 1.5), *spacing)],
        axis=1,
    )
    away = ndimage.distance_transform_edt(~bone, sampling=spacing).ravel()[space.index]
    from_middle = space.points - 0.5 * (space.points.min(axis=0) + space.points.max(axis=0))
    from_middle /= np.maximum(np.linalg.norm(from_middle[:, 1:], axis=1, keepdims=True), 1e-3)
    lateral = -(inward[:, 1:] * from_middle[:, 1:]).sum(axis=1)
    outward = (lateral > LEAST_OUTWARD) | ((-inward[:, 0] > LEAST_OUTWARD) & (space.height > APEX_FROM))
    return outward & (away - space.depth <= BETWEEN_RIBS_MM)


def _place(space: LungSpace, where: NDArray, rng: np.random.Generator, least_depth: float) -> Points:
    """Draw a place (3,), away from the region's upper and lower border where it is high enough."""
    z = space.points[:, 0]
    low, high = (z[where].min(), z[where].max()) if where.any() else (z.min(), z.max())
    margin = min(12.0, 0.25 * (high - low))
    good = where & (space.depth >= least_depth) & (z > low + margin) & (z < high - margin)
    for choice in (good, where & (space.depth >= least_depth), where):
        if choice.any():
            return space.points[rng.choice(np.flatnonzero(choice))]
    return space.points[rng.integers(len(z))]


def _shown(lesions: list[Lesion], regions: NDArray, voxel_ml: float) -> NDArray[np.bool_]:
    """Return which signs (6, 3) each region shows, by how much of each lesion lies in it."""
    signs = np.zeros((REGIONS, len(SIGNS)), bool)
    for lesion in lesions:
        if lesion.code in SIGNS:
            volume = np.bincount(regions[lesion.voxels], lesion.weight, REGIONS) * voxel_ml
            enough = max(PRESENT_PART * volume.sum(), PRESENT_ML)
            signs[:, SIGNS.index(lesion.code)] |= volume >= enough
    return signs
