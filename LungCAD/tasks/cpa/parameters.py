"""What a reader may choose."""

from __future__ import annotations

from dataclasses import dataclass

from LungCAD.parameters import Parameters, parameter
from LungCAD.saliency import SCORES
from LungCAD.tasks.cpa.networks import EXPLAINED, FINAL
from LungCAD.tasks.cpa_projections import ROTATIONS


@dataclass(frozen=True)
class CpaParameters(Parameters):
    """Parameters of the search for signs of chronic pulmonary aspergillosis."""

    weights: str = parameter(
        "",
        "A network of your own, or a folder of them; they take the place of all shipped ones of their task",
    )
    threshold: float = parameter(
        0.5, "Probability from which on a sign is called present", minimum=0.0, maximum=1.0
    )
    rotations: int = parameter(
        1,
        "Turned copies of the scan that are read and averaged, the scan as it is among them",
        choices=(1, len(ROTATIONS)),
        source="SAPSAM, section 2.3",
    )
    score: str = parameter(
        "logit", "What the heat map explains", choices=tuple(SCORES), source="SAPSAM, eq. (1)"
    )
    layer: str = parameter(
        FINAL,
        "Whose maps the heat map weighs: the network's final layer, or the last of one or two stages before, "
        "which may be finer and mean less",
        choices=tuple(EXPLAINED["vgg19"]),
        source="SAPSAM, eq. (1)",
    )
    counterfactual: bool = parameter(
        False,
        "Show on projections of their own what speaks against each sign: Grad-CAM, the gradient negative",
    )
    check_maps: bool = parameter(
        False, "Test whether the heat maps can be believed: deletion, insertion, forgotten weights"
    )
    device: str = parameter("auto", "Where tensors are computed", choices=("auto", "cpu", "cuda", "mps"))
