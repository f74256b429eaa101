"""What is found on one scan."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LungCAD.labels import load_schema

SIGNS = load_schema("cpa3").codes
"""cavity, fungus_ball, pleural_thickening."""


@dataclass(frozen=True)
class SignReading:
    """One sign in one region.

    region : a name in `cpa_projections.REGIONS`. sign : a code in `SIGNS`. probability : 0..1, the mean over
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

    task : a sign or "disease". axis : a name in `cpa_projections.AXES`. part : "upper", "middle" or "lower"
    third of an axial projection, "right" or "left" lung of a sagittal one, else "". image : (Y, X, 3), 0..1,
    head or front up, the patient's right on the left. heat : (Y, X), 0..1, the Grad-CAM, scaled with the
    probability in each region.
    """

    task: str
    axis: str
    part: str
    image: NDArray[np.float32]
    heat: NDArray[np.float32]


@dataclass(frozen=True)
class MapCheck:
    """Whether the heat map of one network on one region can be believed: see `LungCAD.saliency.faithfulness`.

    deletion, insertion : areas under the curves; by_chance : the same of random orders. forgotten :
    similarity of the map after all weights were drawn anew.
    """

    sign: str
    axis: str
    region: str
    deletion: float
    deletion_by_chance: float
    insertion: float
    insertion_by_chance: float
    forgotten: float


@dataclass(frozen=True)
class CpaResult:
    """Everything about one scan.

    signs : six regions x the signs that there are networks for. disease, survival : None without networks.
    heat : per sign float32 on the CT's own grid, 0..1, 0 outside the lungs. peaks : of the signs that are
    present, the hottest first. incomplete : regions that are not all there, and why. checks : where they were
    wanted. networks : the files of those that had a say, by name.
    """

    signs: tuple[SignReading, ...]
    disease: ScanReading | None
    survival: ScanReading | None
    heat: dict[str, sitk.Image]
    peaks: tuple[Peak, ...]
    pictures: tuple[Picture, ...]
    incomplete: dict[str, str]
    warnings: tuple[str, ...]
    checks: tuple[MapCheck, ...]
    networks: dict[str, Path]
