"""From a chest CT to the projections on which signs of aspergillosis are read (Zusag et al., SAPSAM)."""

from LungCAD.tasks.cpa_projections.grid import AXES, REGIONS, ProjectionGrid, region_box
from LungCAD.tasks.cpa_projections.lung_mask import aerated_mask, lung_mask
from LungCAD.tasks.cpa_projections.project import Projections, ProjectionVolume, project
from LungCAD.tasks.cpa_projections.rotations import ROTATIONS, Rotation

__all__ = [
    "AXES",
    "REGIONS",
    "ROTATIONS",
    "ProjectionGrid",
    "ProjectionVolume",
    "Projections",
    "Rotation",
    "aerated_mask",
    "lung_mask",
    "project",
    "region_box",
]
