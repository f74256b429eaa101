"""What densitometry measures: names, units, definitions and where they come from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Quantity:
    """Something measured of a lung: its name, unit, the decimals worth printing, and what it means."""

    code: str
    name: str
    unit: str
    decimals: int
    meaning: str


VOLUME = Quantity("volume", "Lung volume", "ml", 0, "voxels of the lung mask times the volume of a voxel")
MASS = Quantity("mass", "Lung mass", "g", 0, "volume times density, which is (HU + 1000) / 1000 g/ml")
MEAN = Quantity("mean_density", "Mean lung density", "HU", 0, "mean over the lung mask, vessels included")
LAA950 = Quantity("laa950", "LAA-950", "%", 1, "lung below −950 HU: emphysema (Gevenois et al., AJRCCM 1996)")
PERC15 = Quantity(
    "perc15", "Perc15", "HU", 0, "15 % of the lung lie below this (Dirksen et al., AJRCCM 1999)"
)
HAA = Quantity(
    "haa", "High-attenuation area", "%", 1, "lung from −600 to −250 HU (Lederer et al., AJRCCM 2009)"
)
QUANTITIES = (VOLUME, MASS, MEAN, LAA950, PERC15, HAA)
