"""What real lungs look like, in numbers measured by `LungCAD.phantom.patches`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from LungCAD.phantom.patches import PatchStatistics

REAL_PATCHES: Mapping[str, PatchStatistics] = {
    "NT": PatchStatistics(mean=-849, between=84, within=118, r1=0.82, r3=0.28),
    "CL1": PatchStatistics(mean=-869, between=36, within=99, r1=0.81, r3=0.23),
    "CL2": PatchStatistics(mean=-894, between=50, within=114, r1=0.84, r3=0.30),
    "CL3": PatchStatistics(mean=-938, between=33, within=78, r1=0.82, r3=0.27),
    "PL": PatchStatistics(mean=-969, between=22, within=36, r1=0.74, r3=0.20),
    "PS": PatchStatistics(mean=-657, between=143, within=382, r1=0.97, r3=0.82),
}
"""Normal lung, mild to severe centrilobular, panlobular and paraseptal emphysema.

937 patches of 31 x 31 pixels of the Chest Imaging Platform (Brigham and Women's Hospital).
"""

REAL_OVERLAP_WITH_NORMAL: Mapping[str, float] = {
    "CL1": 0.88,
    "CL2": 0.66,
    "PS": 0.45,
    "CL3": 0.38,
    "PL": 0.18,
}
"""Common area of the pixel histograms of the same patches with that of NT, in bins of 20 HU."""

DENSE_SHARE: Mapping[str, float] = {
    "NT": 0.025,
    "CL1": 0.05,
    "CL2": 0.05,
    "CL3": 0.025,
    "PL": 0.004,
    "PS": 0.10,
}
"""95th percentile of the part of a patch off the pleura that is denser than -400 HU: readers shun vessels."""


@dataclass(frozen=True)
class RealScan:
    """Normal lung of a real series: how it was scanned; its patches off the pleura and the great vessels."""

    spacing: tuple[float, float, float]
    noise: float
    kernel: str
    normal: PatchStatistics


REAL_SCANS: Mapping[str, RealScan] = {
    "5 mm, lung kernel": RealScan(
        (0.842, 0.842, 5.0),
        22.0,
        "sharp",
        PatchStatistics(mean=-846, between=27, within=128, r1=0.57, r3=0.07),
    ),
    "8 mm, B70f": RealScan(
        (0.646, 0.646, 8.0),
        24.0,
        "sharp",
        PatchStatistics(mean=-809, between=63, within=93, r1=0.69, r3=0.20),
    ),
}
"""Subjects A0001 and A0002 of Lung-PET-CT-Dx, The Cancer Imaging Archive (CC BY 4.0); 400 patches of each."""
