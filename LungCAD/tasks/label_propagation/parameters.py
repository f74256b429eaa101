"""What a reader may choose of label propagation."""

from __future__ import annotations

from dataclasses import dataclass

from LungCAD.crf import CALIBRATED, CRFParameters
from LungCAD.parameters import Parameters, parameter


@dataclass(frozen=True)
class LabelPropagationParameters(Parameters):
    """What a reader may choose. `crf` starts from the calibrated values; the paper's are `--crf paper`."""

    schema: str = parameter("gao5", "Label schema: the name of a shipped one or a JSON file")
    mode: str = parameter(
        "volume",
        "Smooth over the whole volume, or slice by slice as the paper",
        choices=("slice", "volume"),
    )
    unary: str = parameter(
        "rois",
        "Learn the classes from the drawn regions, take them from a network, or combine both",
        choices=("rois", "network", "both"),
    )
    network_weight: float = parameter(
        0.5, "Share of the network where both are combined", minimum=0.0, maximum=1.0
    )
    stride: int = parameter(
        1, "Predict every n-th pixel and interpolate; the paper uses 10", unit="px", minimum=1, maximum=32
    )
    undecided: bool = parameter(
        True, "Leave lung that resembles no drawn region without a label; a network labels all"
    )
    device: str = parameter("auto", "Where tensors are computed", choices=("auto", "cpu", "cuda", "mps"))
    crf: CRFParameters = CALIBRATED


DEFAULTS = LabelPropagationParameters()
