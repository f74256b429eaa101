"""What a reader may choose of the segmentation of interstitial lung disease."""

from __future__ import annotations

from dataclasses import dataclass

from LungCAD.crf import CALIBRATED, CRFParameters
from LungCAD.parameters import Parameters, parameter
from LungCAD.tasks.ild_segmentation.slices import named_slices

SHIPPED = "lungnet-six"
REFINEMENTS = ("none", "crf2d", "crf3d")


@dataclass(frozen=True)
class IldSegmentationParameters(Parameters):
    """What a reader may choose; the classes are those of the weights."""

    weights: str = parameter(SHIPPED, f"Shipped weights by name ({SHIPPED}, lungnet-gao), or a file")
    refine: str = parameter(
        "none",
        "Smooth the classes with the dense CRF, slice by slice or over the whole volume",
        choices=REFINEMENTS,
    )
    suppress_vessels: bool = parameter(
        False, "Let vessels and bronchi take the class of the lung around them"
    )
    slices: str = parameter(
        "", "Axial slices to segment, as stored and counted from 1, such as 5,20-40,50-90:10; all where empty"
    )
    device: str = parameter("auto", "Where tensors are computed", choices=("auto", "cpu", "cuda", "mps"))
    crf: CRFParameters = CALIBRATED

    def __post_init__(self) -> None:
        super().__post_init__()
        named_slices(self.slices)  # a slip is told before any CT is read


DEFAULTS = IldSegmentationParameters()
