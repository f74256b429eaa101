"""What a reader may choose."""

from __future__ import annotations

from dataclasses import dataclass

from LungCAD.parameters import Parameters, parameter


@dataclass(frozen=True)
class IldDetectionParameters(Parameters):
    """Parameters of `ild_detection.run`."""

    weights: str = parameter("cnnf-quarter", "Shipped weights by name (cnnf-quarter), or a file")
    smoothing_mm: float = parameter(
        5.0,
        "How far neighbouring slices have a say: standard deviation of a Gaussian along the patient's axis",
        unit="mm",
        minimum=0.0,
        maximum=50.0,
    )
    least_lung_cm2: float = parameter(
        20.0,
        "Slices that show at least so much aerated lung are judged, and all between them",
        unit="cm2",
        minimum=0.0,
        maximum=200.0,
        source="Gao et al. 2017: a slice counts from 4000 pixels of disease on, which is 19.6 cm2 at 0.7 mm",
    )
    beyond_mm: float = parameter(
        24.0,
        "Slices so far above and below these are judged as well: dense disease at the bases leaves no air",
        unit="mm",
        minimum=0.0,
        maximum=100.0,
    )
    mirrored: bool = parameter(
        True, "Ask the network about the mirror image of every slice, too: surer, and half as fast"
    )
    heat_maps: bool = parameter(True, "Show where in the slices the network saw each disease")
    device: str = parameter("auto", "Where tensors are computed", choices=("auto", "cpu", "cuda", "mps"))
