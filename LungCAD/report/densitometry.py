"""Lung densitometry as chest readers expect it.

A number that cannot be trusted is withheld and its reason given; one to take with a grain of salt comes
with a caution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from LungCAD.images import ScanFacts, same_geometry
from LungCAD.report.cautions import Caution, find_cautions
from LungCAD.report.measurements import BOTH_LUNGS, LUNG_REGIONS, Region, voxel_volume_ml
from LungCAD.report.quantities import HAA, LAA950, MASS, MEAN, PERC15, QUANTITIES, VOLUME, Quantity
from LungCAD.report.slices import AxialStack

FEWEST_VOXELS = 1000
"""A histogram of fewer voxels has no 15th percentile worth printing."""

CUT_OFF_SHARE = 0.05
"""A lung that covers more than this share of its largest area on the first or last slice is cut off."""


@dataclass(frozen=True)
class Reading:
    """One quantity of one region: a `value`, or None and the reason why it is `withheld`."""

    region: Region
    quantity: Quantity
    value: float | None
    withheld: str = ""


@dataclass(frozen=True)
class Densitometry:
    """Readings of both lungs, the right and the left; cautions that hold for all of them."""

    readings: tuple[Reading, ...]
    cautions: tuple[Caution, ...]

    def reading(self, region: str, quantity: str) -> Reading:
        """Return the reading of a region code and quantity code; KeyError where there is none."""
        for reading in self.readings:
            if (reading.region.code, reading.quantity.code) == (region, quantity):
                return reading
        raise KeyError((region, quantity))

    @property
    def withheld(self) -> tuple[Quantity, ...]:
        """The quantities that at least one region has no number for."""
        silent = {reading.quantity for reading in self.readings if reading.value is None}
        return tuple(quantity for quantity in QUANTITIES if quantity in silent)

    @property
    def doubtful(self) -> tuple[Quantity, ...]:
        """The quantities that any caution concerns."""
        concerned = {quantity for caution in self.cautions for quantity in caution.quantities}
        return tuple(quantity for quantity in QUANTITIES if quantity in concerned)


def densitometry(
    ct: sitk.Image, lungs: sitk.Image, facts: ScanFacts | None = None, partial: str = ""
) -> Densitometry:
    """Measure both lungs, the right and the left.

    Parameters
    ----------
    ct : HU.
    lungs : 0 outside, 1 the patient's right lung, 2 the left, on the grid of `ct`.
    facts : what the scan says of its kernel and slice thickness.
    partial : why `lungs` is only a part of what the scan shows of them, if it is.

    Raises
    ------
    ValueError
        `lungs` lies on another grid than `ct`.
    """
    if not same_geometry(ct, lungs):
        raise ValueError("lungs lies on another grid than ct")
    hu, sides = sitk.GetArrayViewFromImage(ct), sitk.GetArrayViewFromImage(lungs)
    slices = AxialStack(lungs)
    readings: list[Reading] = []
    for region in LUNG_REGIONS:
        cut_off = partial or _cut_off([int(np.isin(plane, region.lungs).sum()) for plane in slices.array])
        readings += _measure(region, hu[np.isin(sides, region.lungs)], voxel_volume_ml(ct), cut_off)
    mean = next(each.value for each in readings if each.region is BOTH_LUNGS and each.quantity is MEAN)
    cautions = find_cautions(facts or ScanFacts(), slices.spacing_mm[0], mean)
    return Densitometry(tuple(readings), tuple(cautions))


def _measure(region: Region, hu: np.ndarray, voxel_ml: float, cut_off: str) -> list[Reading]:
    withheld = ""
    if hu.size < FEWEST_VOXELS:
        withheld = f"{hu.size} voxels of lung, {FEWEST_VOXELS} needed" if hu.size else "no lung in view"
    elif not np.isfinite(hu).all():
        withheld = "the CT holds NaN or infinity"
    if withheld:
        return [Reading(region, quantity, None, withheld) for quantity in QUANTITIES]

    mean, volume = float(hu.mean(dtype=np.float64)), hu.size * voxel_ml
    values = {
        VOLUME: volume,
        MASS: volume * (mean + 1000.0) / 1000.0,
        MEAN: mean,
        LAA950: 100.0 * float(np.mean(hu < -950)),
        PERC15: float(np.percentile(hu, 15)),
        HAA: 100.0 * float(np.mean((hu >= -600) & (hu <= -250))),
    }
    return [
        Reading(region, quantity, None, cut_off)
        if cut_off and quantity in (VOLUME, MASS)
        else Reading(region, quantity, value)
        for quantity, value in values.items()
    ]


def _cut_off(areas: list[int]) -> str:
    """Say where the scan cuts the lung off, if it does; `areas` (pixels per slice) from feet to head."""
    if len(areas) == 1:
        return "one slice is not a lung"
    limit = CUT_OFF_SHARE * max(areas)
    ends = [end for end, area in (("base", areas[0]), ("apex", areas[-1])) if area > limit]
    return f"the scan cuts off the {' and '.join(ends)} of the lung" if ends else ""
