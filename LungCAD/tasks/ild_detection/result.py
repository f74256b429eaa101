"""What the method found in one scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import SimpleITK as sitk

from LungCAD.report.findings import Findings
from LungCAD.tasks.ild_detection.heat_map import HeatMap


@dataclass(frozen=True)
class IldDetection:
    """Result of `ild_detection.run`.

    findings : per slice and for the scan. warnings : what the reader must know.
    """

    ct: sitk.Image
    findings: Findings
    warnings: tuple[str, ...] = ()
    maps: Mapping[str, HeatMap] = field(default_factory=dict)

    def heat_map(self, code: str) -> sitk.Image:
        """Return where a disease was seen: uint8 on the grid of the CT, in per cent.

        Grad-CAM as a part of its largest value on the slice, times the probability of the disease there.
        Volumes are large and are made when asked for; KeyError without `heat_maps` in the parameters.
        """
        return self.maps[code].image(self.ct)
