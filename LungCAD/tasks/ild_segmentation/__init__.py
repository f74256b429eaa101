"""Interstitial lung disease on every slice of a CT (Anthimopoulos et al., JBHI 2018, arXiv 1803.06167).

A fully convolutional network sees one lung at a time, with a margin around it, on every axial slice. What it
says may be smoothed by the dense CRF in two or three dimensions, and vessels and bronchi may take the class
of the lung around them: both are what the paper names as future work. Nothing outside the lung is labelled.
"""

from LungCAD.tasks.ild_segmentation.inputs import IldSegmentationInputs
from LungCAD.tasks.ild_segmentation.network import IldNetwork
from LungCAD.tasks.ild_segmentation.parameters import DEFAULTS, REFINEMENTS, IldSegmentationParameters
from LungCAD.tasks.ild_segmentation.result import IldSegmentationResult
from LungCAD.tasks.ild_segmentation.segmentation import run, segment

__all__ = [
    "DEFAULTS",
    "REFINEMENTS",
    "IldNetwork",
    "IldSegmentationInputs",
    "IldSegmentationParameters",
    "IldSegmentationResult",
    "run",
    "segment",
]
