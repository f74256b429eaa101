"""The dense conditional random field."""

from LungCAD.crf.dense_crf import DenseCRF, Solution, mean_field
from LungCAD.crf.parameters import CRFParameters
from LungCAD.crf.solver import Convergence

__all__ = ["CRFParameters", "Convergence", "DenseCRF", "Solution", "mean_field"]
