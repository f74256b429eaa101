"""What a user may choose in training a network for interstitial lung disease."""

from __future__ import annotations

from dataclasses import dataclass

from LungCAD.errors import InputError
from LungCAD.parameters import Parameters, parameter

PAPER = "Anthimopoulos 2018"


@dataclass(frozen=True)
class IldTrainingParameters(Parameters):
    """The first group decides what is learned, the second how, the third on what machine.

    The defaults are the published recipe. For machines without a GPU, `window` and `schedule` shorten it.
    """

    schema: str = parameter("lungnet6", "Label schema: the name of a shipped one or a JSON file")
    architecture: str = parameter(
        "lungnet",
        "LungNet, or a rival that the paper compares it with",
        choices=("lungnet", "ild_cnn", "segnet_vgg", "unet"),
        source=f"{PAPER}, Table III",
    )
    variant: str = parameter(
        "Proposed", "Row of Table II, as the paper calls it; of LungNet alone", source=f"{PAPER}, Table II"
    )
    width: float = parameter(1.0, "Part of a rival's channels to keep", above=0.0, maximum=1.0)

    loss: str = parameter(
        "means",
        "Of labelled pixels, weighted by class: the mean over each slice's weights as in the authors' code, "
        "the mean over its pixels (set), or eq. 1's literal sum",
        choices=("means", "set", "sum"),
    )
    balance: bool = parameter(True, "Weigh classes by their median frequency over their own", source=PAPER)
    unsupervised_weight: float = parameter(
        0.1, "Weight of the entropy of unlabelled lung", minimum=0.0, maximum=1.0, source=f"{PAPER}, fig. 5"
    )
    learning_rate: float = parameter(
        1e-4, "Of Adam; at its highest where it changes", above=0.0, source=PAPER
    )
    schedule: str = parameter(
        "constant",
        "Keep the learning rate, or let it rise for a tenth of the steps and fall to 0 as a cosine",
        choices=("constant", "one-cycle"),
    )
    epochs: int = parameter(1000, "Most passes over the slices", minimum=1)
    batch: int = parameter(1, "Slices of one step, their gradients averaged", minimum=1, source=PAPER)
    epoch_slices: int = parameter(0, "Slices in one epoch, at random; 0: every slice once", minimum=0)
    patience: int = parameter(
        50,
        "Epochs without a gain on the validation patients after which training ends",
        minimum=1,
        source=PAPER,
    )
    gain: float = parameter(
        0.005, "Least relative gain of the balanced accuracy that counts", minimum=0.0, source=PAPER
    )
    window: int = parameter(
        0,
        "Width of a random part of a slice that is learned from at a time; 0: the whole crop",
        unit="px",
        minimum=0,
    )
    whole: float = parameter(
        0.0,
        "Part of the epochs, the last ones, in which whole crops are seen in any case",
        minimum=0.0,
        maximum=1.0,
    )
    dropout: float = parameter(
        0.5, "Part of the maps' pixels that a step leaves out", minimum=0.0, maximum=0.9, source=PAPER
    )
    augment: bool = parameter(True, "Turn and flip slices: one of eight ways at random", source=PAPER)
    scanners: bool = parameter(False, "Vary density, blur and noise as scanners do")
    folds: int = parameter(5, "Parts of the cross-validation by patient; 0: none", minimum=0, source=PAPER)
    validation: float = parameter(
        0.2, "Part of the training patients that decides when to stop", above=0.0, maximum=0.5
    )
    seed: int = parameter(0, "Of the split, the first weights, the order, dropout and flips", minimum=0)

    device: str = parameter("auto", "Where tensors are computed", choices=("auto", "cpu", "cuda", "mps"))
    devices: int = parameter(1, "Processors of that kind to use in every machine", minimum=1)
    machines: int = parameter(1, "Machines that train together", minimum=1)
    precision: str = parameter(
        "32-true", "Of numbers, as Lightning calls it", choices=("32-true", "16-mixed", "bf16-mixed")
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.folds == 1:
            raise InputError(
                "folds", "is 1, which leaves nothing to learn from", "Choose 2 or more, or 0 for none"
            )
