"""Which of the six regions are all there, and whether they are those of the lungs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import SimpleITK as sitk
import torch

from LungCAD.errors import InputError
from LungCAD.images.geometry import spacing_zyx, to_axial
from LungCAD.tasks.cpa_projections import REGIONS, ProjectionVolume, region_box
from LungCAD.tasks.cpa_projections.grid import THIRDS

MISSING = 0.1
"""A lung with less than this part of the other's volume is missing: resected, collapsed or full of fluid.

Or it reaches the side of the scan, where its air is taken for that around the body.
"""

EMPTY = 0.02
"""A region with less than this part of its lung shows none of it."""

CUT = 0.12
"""The scan ends within the lung when its last slice shows more than this part of the lung's largest slice.

Trachea and bronchi, which the mask holds too, stay below.
"""

THICK_MM, THICKEST_MM = 3.0, 12.0
"""Slices farther apart than the first are worth a warning, than the second no volume. SAPSAM: 0.5 to 1 mm."""

TRACE = 0.02
"""Slices with less than this part of the lungs' largest slice show the trachea or bowels, not the lungs."""

SHIFT = 1 / 3
"""A third of the scan is worth a warning that lies so far from the lungs' own, in parts of its height."""

LEAST_LUNG = 0.15
"""The gap between the lungs is sought where either side of it has this part of both, or more."""

ASTRAY = 0.05
"""The scan's halves are worth a warning that give one lung so much, in parts of both, of the other."""

SIDES = ("right", "left")
ENDS = {"lower": "base", "upper": "apex"}


def incomplete_regions(volume: ProjectionVolume) -> dict[str, str]:
    """Return why a region cannot be judged, for the regions of which that is so.

    Regions are halves and thirds of the scan, not of the lung: a scan that ends within the lung moves them.
    """
    found: dict[str, str] = {}
    halves = [region_box(REGIONS.index(f"{side}_upper"), tuple(volume.lungs.shape))[2] for side in SIDES]
    areas = [volume.lungs[:, :, half].sum((1, 2)).float() for half in halves]
    volumes = [float(area.sum()) for area in areas]
    for side, area, size in zip(SIDES, areas, volumes, strict=True):
        if size < MISSING * max(volumes):
            reason = f"the {side} lung is missing, airless or cut off at the scan's side"
            found |= dict.fromkeys(_of(side), reason)
            continue
        for level in _cut_levels(area):
            found[f"{side}_{level}"] = f"the scan ends within the {side} lung at its {ENDS[level]}"
    voxels = volume.lung_voxels()
    for side, size in zip(SIDES, volumes, strict=True):
        for region in _of(side):
            if region not in found and voxels[region] < EMPTY * size:
                found[region] = "this part of the scan shows no lung"
    return {region: found[region] for region in REGIONS if region in found}


def region_warnings(volume: ProjectionVolume) -> tuple[str, ...]:
    """Return what is to be said where the scan's thirds and halves are not the lungs'."""
    return *_of_height(volume), *_of_cuts(volume), *_of_sides(volume)


def incomplete_words(incomplete: Mapping[str, str]) -> tuple[str, ...]:
    """Return one sentence per reason why regions are not judged."""
    regions: dict[str, list[str]] = {}
    for region, reason in incomplete.items():
        regions.setdefault(reason, []).append(region.replace("_", " "))
    return tuple(f"Not judged: {', '.join(names)}, because {reason}." for reason, names in regions.items())


def slice_warnings(ct: sitk.Image) -> tuple[str, ...]:
    """Return what is to be said of the distance of the axial slices.

    Raises
    ------
    InputError
        They lie so far apart that projections show nothing.
    """
    spacing_mm = spacing_zyx(to_axial(ct))[0]
    if spacing_mm > THICKEST_MM:
        problem = f"has slices {spacing_mm:.3g} mm apart"
        raise InputError("The scan", problem, f"Projections need {THICKEST_MM:g} mm or less, best 1 mm")
    if spacing_mm > THICK_MM:
        return (
            f"The slices are {spacing_mm:.3g} mm apart; the method was published on 0.5 to 1 mm. "
            "Coronal and sagittal projections are blurred, small signs may be missed.",
        )
    return ()


def _of_height(volume: ProjectionVolume) -> Iterator[str]:
    """Yield a warning where thirds are too high or too low, as with much of the abdomen."""
    areas = volume.lungs.sum((1, 2)).cpu().numpy()
    slices = np.flatnonzero(areas > TRACE * areas.max())
    bottom, top = slices[0] / len(areas), (slices[-1] + 1) / len(areas)
    third = (top - bottom) / THIRDS
    borders = bottom + third - 1 / THIRDS, top - third - (1 - 1 / THIRDS)
    if max(map(abs, borders)) > SHIFT * third:
        yield (
            f"The lungs take up {100 * (top - bottom):.0f} % of the scan's height, and regions are thirds of "
            "the scan: a sign in the lower third of the lungs may be named middle, and the like. Cut the "
            "scan to the chest."
        )


def _of_cuts(volume: ProjectionVolume) -> Iterator[str]:
    """Yield a warning where the scan shows a part of the lungs: its thirds are thirds of that part."""
    for level in _cut_levels(volume.lungs.sum((1, 2))):
        other = "upper" if level == "lower" else "lower"
        yield (
            f"The scan ends within the lungs at their {ENDS[level]}, and regions are thirds of the scan: a "
            f"sign in the {other} third of the lungs may be named middle. Give a scan of the whole lungs."
        )


def _of_sides(volume: ProjectionVolume) -> Iterator[str]:
    """Yield a warning where one lung reaches into the other's half, as when one alone is in the picture."""
    columns = volume.lungs.sum((0, 1)).cpu().numpy()
    before = np.cumsum([0, *columns]) / columns.sum()
    right = before[len(columns) // 2]
    if min(right, 1 - right) < MISSING * max(right, 1 - right):
        return  # of one lung alone, within its own half
    inner = (before[:-1] >= LEAST_LUNG) & (before[1:] <= 1 - LEAST_LUNG)
    gap = np.where(inner, columns, np.inf).argmin()
    if abs(before[gap] - right) > ASTRAY:
        yield (
            "The middle between the lungs is not that of the scan, and regions are halves of the scan: a "
            "sign of one lung may be named as the other's. Cut or pad the scan to have the spine in its "
            "middle."
        )


def _cut_levels(area: torch.Tensor) -> list[str]:
    """Return at which ends the scan ends within a lung, whose areas (slices,) these are."""
    # Not the very first slices: interpolated masks end a little early.
    ends = {"lower": area[:2].max(), "upper": area[-2:].max()}
    return [level for level, end in ends.items() if float(end) > CUT * float(area.max())]


def _of(side: str) -> list[str]:
    return [region for region in REGIONS if region.startswith(side)]
