"""What a user may choose in training a detection network."""

from __future__ import annotations

from dataclasses import dataclass

from LungCAD.errors import InputError
from LungCAD.parameters import Parameters, parameter

PAPER = "Gao et al. 2017"


@dataclass(frozen=True)
class DetectionTrainingParameters(Parameters):
    """The first group decides what is learned, the second of what network, the rest how."""

    head: str = parameter(
        "logistic",
        "Sum of logistic losses, regression with L2 or smooth L1, or one class per slice (a baseline)",
        choices=("logistic", "l2", "smooth_l1", "softmax"),
        source=f"{PAPER}, eqs. 1 to 3",
    )
    target: str = parameter(
        "area",
        "What a regression learns: the area in units of the threshold, a step at it, or a ramp from half of "
        "it to one and a half",
        choices=("area", "step", "ramp"),
        source=f"{PAPER}, fig. 3",
    )
    threshold_px: float = parameter(
        6000.0,
        "From this area on a disease is present, in pixels of 0.7 mm: 6000 are 2940 mm2, 4000 are 1960 mm2",
        unit="px",
        above=0.0,
        source=f"{PAPER}, section 4.3",
    )
    balance: bool = parameter(
        True, "Weigh rarer diseases more (beta, scaled to mean 1)", source=f"{PAPER}, eqs. 5 and 6"
    )
    local: float = parameter(
        1.0,
        "Weight of an auxiliary loss on what lies where in the slice, of which the paper knows nothing; it "
        "needs label volumes, and 0 leaves it out",
        minimum=0.0,
    )
    width: float = parameter(0.25, "Part of CNN-F's channels that is kept", above=0.0, maximum=1.0)
    dense: int = parameter(640, "Units of either dense layer; the paper has 4096", minimum=1)
    dropout: float = parameter(
        0.5, "Part of the dense layers' units that is left out", minimum=0.0, maximum=0.95
    )
    oriented: bool = parameter(
        True,
        "Begin from scratch with bars, edges and spots as first filters, as ImageNet's are",
    )
    normalise: bool = parameter(
        True, "Normalise by batch what is trained from scratch; folded into the layers afterwards"
    )
    renew: int = parameter(
        0,
        "Of the network that training goes on from, so many first filters that do least become bars, edges "
        "and spots",
        minimum=0,
    )
    folds: int = parameter(5, "Parts of the cross-validation by patient", minimum=2, source=PAPER)
    scored_folds: int = parameter(
        5, "So many of them are held out in turn: one is enough for decision thresholds", minimum=1
    )
    final: bool = parameter(
        True, "Train once more, on all slices; otherwise the network of the first fold is kept"
    )
    epochs: int = parameter(20, "Passes over the slices", minimum=1)
    batch: int = parameter(16, "Slices per step", minimum=1)
    learning_rate: float = parameter(
        0.001, "At its highest: it rises for a tenth of the steps, then falls to 0 as a cosine", above=0.0
    )
    augment: bool = parameter(True, "Mirror, shift and scale slices, vary their brightness and noise")
    drift: float = parameter(
        0.0,
        "With --augment: the lung is denser here and there, by a smooth random field of at most this "
        "standard deviation",
        unit="HU",
        minimum=0.0,
        maximum=200.0,
    )
    seed: int = parameter(0, "Of the split, the first weights, the order and the variations", minimum=0)
    device: str = parameter("auto", "Where tensors are computed", choices=("auto", "cpu", "cuda", "mps"))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.drift and not self.augment:
            raise InputError("drift", "is a variation, and augment is off", "Leave out one of them")
