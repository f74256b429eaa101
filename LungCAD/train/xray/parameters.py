"""What a user may choose in training a network for radiographs."""

from __future__ import annotations

from dataclasses import dataclass

from LungCAD.errors import InputError
from LungCAD.networks.contrast import FORMS
from LungCAD.parameters import Parameters, parameter

HALVED = 32
"""What the U-Net's five stages divide a width by."""

PAPER = "Kalinovsky & Kovalev 2016, section 3"


@dataclass(frozen=True)
class XrayTrainingParameters(Parameters):
    """The first group decides what is learned, the rest how. The preset `paper` is the published recipe."""

    architecture: str = parameter(
        "unet", "SegNet as in the paper, or a U-Net", choices=("segnet", "unet"), source=PAPER
    )
    filters: int = parameter(16, "Of SegNet's convolutions, of the U-Net's first stage", minimum=1)
    kernel: int = parameter(3, "Width of SegNet's kernels", unit="px", choices=(3, 5, 7))
    contrast: str = parameter(
        "none", "Local contrast normalisation at SegNet's input", choices=FORMS, source=PAPER
    )
    equalize: bool = parameter(True, "Equalise the histogram of every image", source=PAPER)
    side: int = parameter(
        160,
        "Width of the square that the network sees; for the U-Net a multiple of 32",
        unit="px",
        minimum=64,
    )
    folds: int = parameter(5, "Parts of the cross-validation by patient", minimum=2)
    epochs: int = parameter(160, "Passes over the images", minimum=1, source=PAPER)
    fold_epochs: int = parameter(
        0, "Passes in the cross-validation, where fewer give a cautious score; 0 for just as many", minimum=0
    )
    batch: int = parameter(6, "Images per step", minimum=1, source=PAPER)
    optimizer: str = parameter(
        "adamw", "AdamW, or stochastic gradient descent with momentum 0.9", choices=("sgd", "adamw")
    )
    learning_rate: float = parameter(
        0.002, "At its highest: it rises for a tenth of the steps, then falls to 0 as a cosine", above=0.0
    )
    dice: bool = parameter(True, "Add the soft Dice loss to the cross entropy")
    augment: bool = parameter(
        True, "Vary exposure, pose, collimation, polarity and marks on the film at random"
    )
    precision: str = parameter(
        "float32",
        "Numbers in training; bfloat16 takes half the time where the processor multiplies it",
        choices=("float32", "bfloat16"),
    )
    seed: int = parameter(0, "Of the split, the first weights, the order and the variations", minimum=0)
    device: str = parameter("auto", "Where tensors are computed", choices=("auto", "cpu", "cuda", "mps"))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.architecture == "unet" and self.side % HALVED:
            below = self.side - self.side % HALVED
            problem = f"is {self.side}: the U-Net halves its squares five times"
            raise InputError("side", problem, f"Choose {below} or {below + HALVED}")


PUBLISHED = XrayTrainingParameters(
    architecture="segnet",
    filters=64,
    kernel=7,
    contrast="divisive",
    side=256,
    epochs=85,
    optimizer="sgd",
    learning_rate=0.01,
    dice=False,
    augment=False,
)
"""As far as the paper states it; its learning rate and kernel are not stated."""
