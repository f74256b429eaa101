"""Signs of chronic pulmonary aspergillosis on chest CT, and where they are (Zusag et al., SAPSAM)."""

from LungCAD.tasks.cpa.networks import CpaNetwork, find_networks
from LungCAD.tasks.cpa.parameters import CpaParameters
from LungCAD.tasks.cpa.result import SIGNS, CpaResult, MapCheck, Peak, Picture, ScanReading, SignReading
from LungCAD.tasks.cpa.scan import CpaReader, run

__all__ = [
    "SIGNS",
    "CpaNetwork",
    "CpaParameters",
    "CpaReader",
    "CpaResult",
    "MapCheck",
    "Peak",
    "Picture",
    "ScanReading",
    "SignReading",
    "find_networks",
    "run",
]
