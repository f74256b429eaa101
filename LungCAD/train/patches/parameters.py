"""What a user may choose in training a patch network."""

from __future__ import annotations

from dataclasses import dataclass

from LungCAD.errors import InputError
from LungCAD.parameters import Parameters, parameter

TEXTURE = "texture_patches"


@dataclass(frozen=True)
class PatchTrainingParameters(Parameters):
    """The first group decides what is learned, the rest how."""

    schema: str = parameter("gao5", "Label schema: the name of a shipped one or a JSON file")
    architecture: str = parameter(
        "patch_cnn",
        "AlexNet as in the paper, a small network for machines without a GPU, or the texture network that "
        "ships, which goes on learning from the patches",
        choices=("alexnet", "patch_cnn", TEXTURE),
    )
    width: float = parameter(
        1.0, "Part of the channels of AlexNet or of the small network to keep", above=0.0, maximum=1.0
    )
    patch: int = parameter(32, "Width of the patches", unit="px", minimum=8, source="Gao 2016, section 2")
    step: int = parameter(16, "Distance of neighbouring patches in a region", unit="px", minimum=1)
    purity: float = parameter(
        1.0,
        "Least part of a patch that lies within its region",
        above=0.5,
        maximum=1.0,
        source="Gao 2016, section 2",
    )
    most: int = parameter(200, "Most patches of one class and patient, drawn at random", minimum=1)
    folds: int = parameter(
        2, "Parts of the cross-validation by patient", minimum=2, source="Gao 2016, section 3"
    )
    epochs: int = parameter(100, "Passes over the patches", minimum=1)
    batch: int = parameter(32, "Patches per step", minimum=1)
    learning_rate: float = parameter(
        0.0,
        "Where it starts before it falls to 0 as a cosine; 0: 3e-3, for AlexNet 1e-4, for texture 1e-3",
        minimum=0.0,
    )
    weight_decay: float = parameter(1e-4, "Decay of the weights (AdamW)", minimum=0.0)
    balance: bool = parameter(True, "Let every class weigh the same, however many patches it has")
    augment: bool = parameter(True, "Turn and flip patches at random")
    seed: int = parameter(0, "Of the split, the first weights, the order, dropout and flips", minimum=0)
    device: str = parameter("auto", "Where tensors are computed", choices=("auto", "cpu", "cuda", "mps"))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.architecture == TEXTURE and self.width != 1:
            raise InputError(
                "width", f"is {self.width:g}, and the texture network has one size", "Leave it out"
            )
