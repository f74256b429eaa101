"""Which of the six regions are all there, and whether they are those of the lungs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images.geometry import spacing_zyx, to_axial
from LungCAD.tasks.cpa_projections import REGIONS, ProjectionVolume, region_box
from LungCAD.tasks.cpa_projections.grid import THIRDS

MISSING = 0.1
"""A lung with less than this part of the other's volume is missing: resected, collapsed or full of fluid."""

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

SIDES = ("right", "left")


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
            found |= dict.fromkeys(_of(side), f"the {side} lung is missing or airless")
            continue
        # Not the very first slices: interpolated masks end a little early.
        for level, end in (("lower", area[:2].max()), ("upper", area[-2:].max())):
            if float(end) > CUT * float(area.max()):
                place = "base" if level == "lower" else "apex"
                found[f"{side}_{level}"] = f"the scan ends within the {side} lung at its {place}"
    voxels = volume.lung_voxels()
    for side, size in zip(SIDES, volumes, strict=True):
        for region in _of(side):
            if region not in found and voxels[region] < EMPTY * size:
                found[region] = "this part of the scan shows no lung"
    return {region: found[region] for region in REGIONS if region in found}


def height_warnings(volume: ProjectionVolume) -> tuple[str, ...]:
    """Return what is to be said where the scan's thirds are not the lungs', as with much of the abdomen."""
    areas = volume.lungs.sum((1, 2)).cpu().numpy()
    slices = np.flatnonzero(areas > TRACE * areas.max())
    bottom, top = slices[0] / len(areas), (slices[-1] + 1) / len(areas)
    third = (top - bottom) / THIRDS
    borders = bottom + third - 1 / THIRDS, top - third - (1 - 1 / THIRDS)
    if max(map(abs, borders)) <= SHIFT * third:
        return ()
    return (
        f"The lungs take up {100 * (top - bottom):.0f} % of the scan's height, and regions are thirds of the "
        "scan: a sign in the lower third of the lungs may be named middle, and the like. Cut the scan to the "
        "chest.",
    )


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


def _of(side: str) -> list[str]:
    return [region for region in REGIONS if region.startswith(side)]
