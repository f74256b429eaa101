"""The dense conditional random field."""

from LungCAD.crf.checks import EXCLUDED, FREE
from LungCAD.crf.dense_crf import DenseCRF, Solution, mean_field
from LungCAD.crf.parameters import CALIBRATED, PAPER, CRFParameters
from LungCAD.crf.solver import Convergence

__all__ = [
    "CALIBRATED",
    "EXCLUDED",
    "FREE",
    "PAPER",
    "CRFParameters",
    "Convergence",
    "DenseCRF",
    "Solution",
    "mean_field",
]
