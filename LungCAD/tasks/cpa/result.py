"""What is found on one scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import SimpleITK as sitk

from LungCAD.report.signs import MapCheck, Peak, Picture, ScanReading, SignReading
from LungCAD.tasks.cpa.heat import HeatMap


@dataclass(frozen=True)
class CpaResult:
    """Everything about one scan.

    signs : six regions x the signs that there are networks for. disease, survival : None without networks.
    peaks : of the signs that are present, the hottest first. incomplete : regions that are not all there, and
    why. checks : where they were wanted. networks : the files of those that had a say, by name.
    """

    ct: sitk.Image
    signs: tuple[SignReading, ...]
    disease: ScanReading | None
    survival: ScanReading | None
    peaks: tuple[Peak, ...]
    pictures: tuple[Picture, ...]
    incomplete: Mapping[str, str]
    warnings: tuple[str, ...]
    checks: tuple[MapCheck, ...]
    networks: Mapping[str, Path]
    maps: Mapping[str, HeatMap] = field(repr=False)

    def heat_map(self, sign: str) -> sitk.Image:
        """Return where a sign may be: uint8 on the grid of the CT, per cent, 0 outside the lungs.

        Within a region the largest value is at most the probability of the sign there, less where directions
        do not agree. Volumes are large and are made when asked for; KeyError without networks for the sign.
        """
        return self.maps[sign].image(self.ct)
