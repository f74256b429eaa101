"""The lung field of a CT: both lungs and their six zones."""

from LungCAD.lungs.cut import cut_warning
from LungCAD.lungs.lung_field import LungFieldParameters, segment_lungs
from LungCAD.lungs.sides import require_sides
from LungCAD.lungs.zones import ZONES, lung_zones

__all__ = ["ZONES", "LungFieldParameters", "cut_warning", "lung_zones", "require_sides", "segment_lungs"]
