"""Signs of chronic pulmonary aspergillosis on chest CT, and where they are (Zusag et al., SAPSAM)."""

from LungCAD.tasks.cpa.networks import SIGNS, CpaNetwork, find_networks, network_files
from LungCAD.tasks.cpa.parameters import CpaParameters
from LungCAD.tasks.cpa.result import CpaResult
from LungCAD.tasks.cpa.scan import CpaReader, run

__all__ = [
    "SIGNS",
    "CpaNetwork",
    "CpaParameters",
    "CpaReader",
    "CpaResult",
    "find_networks",
    "network_files",
    "run",
]
