"""How much of what is where: volumes per label and region of the lung."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from LungCAD.images import same_geometry

if TYPE_CHECKING:
    from LungCAD.labels import Schema

UNLABELLED = "unlabelled"
"""Code of the row for lung that no label claims: undecided, ignored or never labelled."""


@dataclass(frozen=True)
class Region:
    """A part of the lungs: the values it has in the lungs image and in the zones image."""

    code: str
    name: str
    lungs: tuple[int, ...]
    zones: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)


BOTH_LUNGS = Region("both_lungs", "Both lungs", (1, 2))
LUNG_REGIONS = (BOTH_LUNGS, Region("right_lung", "Right lung", (1,)), Region("left_lung", "Left lung", (2,)))
ZONE_REGIONS = (
    Region("right_upper", "Right upper zone", (1,), (1,)),
    Region("right_middle", "Right middle zone", (1,), (2,)),
    Region("right_lower", "Right lower zone", (1,), (3,)),
    Region("left_upper", "Left upper zone", (2,), (4,)),
    Region("left_middle", "Left middle zone", (2,), (5,)),
    Region("left_lower", "Left lower zone", (2,), (6,)),
)
REGIONS = LUNG_REGIONS + ZONE_REGIONS


@dataclass(frozen=True)
class Share:
    """One label in one region: `volume_ml`, and `percent` of the region (None where the region is empty)."""

    region: Region
    code: str
    name: str
    volume_ml: float
    percent: float | None


@dataclass(frozen=True)
class Measurements:
    """Volumes of every label in every region; within a region the shares add up to the region.

    `outside_ml` is what carries a label but lies in neither lung: it is part of no region. `not_assessed`
    names the labels that could not be assigned: they have no shares, for a 0 would read as their absence.
    """

    shares: tuple[Share, ...]
    region_ml: dict[str, float]
    outside_ml: float
    not_assessed: tuple[str, ...] = ()

    def share(self, region: str, code: str) -> Share:
        """Return the share of a label code in a region code; KeyError where there is none."""
        for share in self.shares:
            if (share.region.code, share.code) == (region, code):
                return share
        raise KeyError((region, code))

    def of_region(self, region: str) -> tuple[Share, ...]:
        """Return the shares of one region code, in the schema's order, unlabelled last."""
        return tuple(share for share in self.shares if share.region.code == region)


def voxel_volume_ml(image: sitk.Image) -> float:
    """Return the volume of one voxel in millilitres, for any spacing and direction."""
    directions = np.reshape(image.GetDirection(), (image.GetDimension(), -1))
    return float(abs(np.linalg.det(directions)) * np.prod(image.GetSpacing()) / 1000.0)


def measure(
    labels: sitk.Image,
    lungs: sitk.Image,
    zones: sitk.Image,
    schema: Schema,
    classes: Collection[int] | None = None,
) -> Measurements:
    """Measure the labels of the schema in both lungs, each lung and each of the six zones.

    Parameters
    ----------
    labels : integer values of the schema; 0 and the schema's ignore value count as unlabelled.
    lungs : 0 outside, 1 the patient's right lung, 2 the left.
    zones : 0, 1 to 3 right upper, middle, lower, 4 to 6 left upper, middle, lower.
    classes : values of the labels that could be assigned; all of the schema where None.

    Raises
    ------
    ValueError
        The images differ in geometry, or hold values that they must not.
    """
    for name, image in {"lungs": lungs, "zones": zones}.items():
        if not same_geometry(labels, image):
            raise ValueError(f"{name} lies on another grid than labels")
    counts = _joint_counts(*(sitk.GetArrayViewFromImage(image) for image in (labels, lungs, zones)))
    assessed = [label for label in schema.labels if classes is None or label.value in classes]
    values = [label.value for label in assessed]
    strange = set(np.flatnonzero(counts.sum(axis=(1, 2))).tolist()) - {0, schema.ignore_value, *values}
    if strange:
        raise ValueError(f"labels holds {sorted(strange)}, which are no classes of schema {schema.name}")

    millilitres = counts * voxel_volume_ml(labels)
    region_ml: dict[str, float] = {}
    shares: list[Share] = []
    for region in REGIONS:
        per_value = millilitres[:, region.lungs][:, :, region.zones].sum(axis=(1, 2))
        whole = region_ml[region.code] = float(per_value.sum())
        volumes = [(label.code, label.name, float(per_value[label.value])) for label in assessed]
        volumes.append((UNLABELLED, "Undecided or unlabelled", float(np.delete(per_value, values).sum())))
        for code, name, volume in volumes:
            shares.append(Share(region, code, name, volume, 100.0 * volume / whole if whole else None))
    not_assessed = tuple(label.name for label in schema.labels if label not in assessed)
    return Measurements(tuple(shares), region_ml, float(millilitres[values, 0].sum()), not_assessed)


def _joint_counts(labels: np.ndarray, lungs: np.ndarray, zones: np.ndarray) -> np.ndarray:
    """Count voxels by (label value, lung value, zone value)."""
    counts = np.zeros(256 * 3 * 7, dtype=np.int64)
    for slices in zip(labels, lungs, zones, strict=True):
        label, lung, zone = (
            _checked(values, name, largest)
            for values, name, largest in zip(slices, ("labels", "lungs", "zones"), (255, 2, 6), strict=True)
        )
        counts += np.bincount(((label * 3 + lung) * 7 + zone).ravel(), minlength=counts.size)
    return counts.reshape(256, 3, 7)


def _checked(values: np.ndarray, name: str, largest: int) -> np.ndarray:
    if not np.issubdtype(values.dtype, np.integer) or values.min() < 0 or values.max() > largest:
        raise ValueError(f"{name} holds values that are no integers of 0..{largest}")
    return values.astype(np.intp)
