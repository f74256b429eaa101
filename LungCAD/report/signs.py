"""What was found of pathological signs on a scan: data for tables, pictures and the report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class SignReading:
    """One sign in one region.

    region : such as right_upper. sign : code of its label. probability : 0..1, the mean over
    directions and rotations; None where it is withheld, `withheld` says why. by_direction : the same for
    every direction that there is a network for.
    """

    region: str
    sign: str
    probability: float | None
    by_direction: dict[str, float] = field(default_factory=dict)
    withheld: str = ""


@dataclass(frozen=True)
class ScanReading:
    """The whole scan. probability : of disease, or of death within two years of the scan; the mean over all
    networks. by_network : the same for each of them. demonstration : a network that saw nothing but synthetic
    scans has a say.
    """

    probability: float
    by_network: dict[str, float]
    demonstration: bool


@dataclass(frozen=True)
class Peak:
    """Where the heat map of a sign is highest within a region.

    position : LPS, mm. heat : of the map there. extent_mm : how far from it the map falls to one half,
    towards the patient's side, back and head: the position is not known better than that.
    """

    sign: str
    region: str
    position: tuple[float, float, float]
    heat: float
    extent_mm: tuple[float, float, float]


@dataclass(frozen=True)
class Picture:
    """A projection as networks see it, and where they looked.

    task : a sign or "disease". axis : axial, coronal or sagittal. part : "upper", "middle" or "lower"
    third of an axial projection, "right" or "left" lung of a sagittal one, else "". image : (Y, X, 3), 0..1,
    head or front up, the patient's right on the left. heat : (Y, X), 0..1, the Grad-CAM, scaled with the
    probability in each region. against : it shows what speaks against the sign, scaled with that of its
    absence.
    """

    task: str
    axis: str
    part: str
    image: NDArray[np.float32]
    heat: NDArray[np.float32]
    against: bool = False

    @property
    def name(self) -> str:
        """Words that no other picture of the scan has."""
        return " ".join(filter(None, (self.task, self.axis, self.part, "against" if self.against else "")))


@dataclass(frozen=True)
class CheckCurve:
    """Probability of a sign while pixels go or come, none to all of them at even steps, hottest first.

    by_chance : the same in random order. area, area_by_chance : under the curves, 0 to 1.
    """

    probability: tuple[float, ...]
    by_chance: tuple[float, ...]
    area: float
    area_by_chance: float


@dataclass(frozen=True)
class MapCheck:
    """Whether the heat map of one network on one region can be believed: see `LungCAD.saliency.faithfulness`.

    deletion, insertion : while pixels are taken away and put in. forgotten : similarity of the map after all
    weights were drawn anew.
    """

    sign: str
    axis: str
    region: str
    deletion: CheckCurve
    insertion: CheckCurve
    forgotten: float


def region_name(region: str) -> str:
    """Return "Right upper" for right_upper."""
    return region.replace("_", " ").capitalize()


def present_signs(signs: Iterable[SignReading], threshold: float) -> list[SignReading]:
    """Return the signs that are present: those of at least this probability."""
    return [one for one in signs if one.probability is not None and one.probability >= threshold]


def nothing_present(signs: Iterable[SignReading]) -> str:
    """Return what is to be said where no sign is present; what could not be judged is not denied."""
    regions = {one.region: one.probability is not None for one in signs}
    judged = sum(regions.values())
    if not regions:
        return "No network looked for signs."
    if not judged:
        return "No region could be judged."
    return f"No sign was found in the {judged} region{'' if judged == 1 else 's'} that could be judged."
