"""What a user may choose in training networks for projections."""

from __future__ import annotations

from dataclasses import dataclass

from LungCAD.networks.vgg19 import HEADS
from LungCAD.parameters import Parameters, parameter
from LungCAD.tasks.cpa.picture_input import PictureInput
from LungCAD.train.cpa.plans import DISEASE, INCEPTION, SURVIVAL, Plan

EPOCHS = {DISEASE: 60, SURVIVAL: 20}
EPOCHS_OF_SIGNS = 270
"""SAPSAM says 240 to 300."""


@dataclass(frozen=True)
class CpaTrainingParameters(Parameters):
    """The defaults are the published recipe. The groups: network, optimiser, pictures, data."""

    width: float = parameter(1.0, "Part of VGG19's channels to keep", above=0.0, maximum=1.0)
    head: str = parameter(
        "flat", "What VGG19's dense layers see: all features, or their average", choices=HEADS[1:]
    )
    pools: int = parameter(5, "Blocks of VGG19 that end with their pooling", minimum=1, maximum=5)
    side: int = parameter(
        0, "Width of the pictures; 0: 224 for VGG19, 299 for Inception v3", unit="px", minimum=0
    )
    standardise: bool = parameter(
        False, "Bring each picture's rays through lung to mean 0 and variance 1, instead of grey levels -1..1"
    )
    empty: float = parameter(
        0.0,
        "Standardised level of rays that meet nothing: -2 shows where a channel is not empty",
        minimum=-4.0,
        maximum=0.0,
    )
    shares: bool = parameter(
        False,
        "Show how much of each ray lies in each range besides the averages; of VGG19 from scratch alone, and "
        "of signs",
    )
    amounts: bool = parameter(
        False, "Standardise averages alone, not shares: how much dense tissue there is shows as well"
    )
    together: bool = parameter(False, "Let the three signs of a direction share all but the last layer")

    normalise: bool = parameter(
        False, "Normalise VGG19 by batch in training from scratch; folded into its convolutions afterwards"
    )
    optimizer: str = parameter(
        "sgd", "With momentum 0.9, or AdamW", choices=("sgd", "adamw"), source="SAPSAM, section 3"
    )
    learning_rate: float = parameter(1e-4, "Step of the optimiser", above=0.0, source="SAPSAM, section 3")
    falling: bool = parameter(False, "Let the learning rate fall to 0 as a cosine, after a short rise")
    batch: int = parameter(32, "Pictures per step", minimum=1, source="SAPSAM, section 3")
    epochs: int = parameter(
        0,
        "Passes over the pictures; 0: 60 for disease, 270 for signs, 20 for survival",
        minimum=0,
        source="SAPSAM, section 3",
    )

    turn: float = parameter(
        20.0,
        "Pictures are turned by up to so much",
        unit="degrees",
        minimum=0.0,
        source="SAPSAM, section 2.3",
    )
    zoom: float = parameter(
        0.2,
        "Pictures are scaled by up to so much; 0.1 in the paper's best networks",
        minimum=0.0,
        maximum=0.9,
        source="SAPSAM, sections 2.3 and 3",
    )
    mirror: bool = parameter(False, "Mirror pictures left to right at random")

    balance: str = parameter(
        "drop",
        "Drop pictures of the more frequent class, as in the paper; weigh the rarer one; or, besides, let "
        "cavities without a ball weigh as much as all else that has none",
        choices=("drop", "weigh", "cavities"),
    )
    decide: str = parameter(
        "frequency",
        "What 0.5 means: as likely as not, as often as signs are in training; or the best F1 in validation",
        choices=("frequency", "f1"),
    )
    judging_f1: float = parameter(
        0.0,
        "Least F1 in validation with which a network's answers count; others only tell where a sign is",
        minimum=0.0,
        maximum=1.0,
    )
    validation: float = parameter(0.15, "Part of the patients that chooses the epoch", above=0.0, maximum=0.5)
    test: float = parameter(0.2, "Part of the patients that is scored in the end", above=0.0, maximum=0.5)
    precision: str = parameter("32-true", "Numbers in training", choices=("32-true", "bf16-mixed"))
    seed: int = parameter(0, "Of the split, the first weights and all variation", minimum=0)
    device: str = parameter("auto", "Where tensors are computed", choices=("auto", "cpu", "cuda", "mps"))

    def input_for(self, plan: Plan) -> PictureInput:
        """Return how pictures are prepared for the network of a plan."""
        side = self.side or (299 if plan.architecture == INCEPTION else 224)
        shares = self.shares and plan.of_regions
        return PictureInput(side, self.standardise, self.empty, shares, shares and self.amounts)

    def epochs_for(self, plan: Plan) -> int:
        """Return how often a plan passes over its pictures."""
        return self.epochs or EPOCHS.get(plan.tasks[0], EPOCHS_OF_SIGNS)


COMPACT = CpaTrainingParameters(
    width=0.25,
    head="average",
    pools=3,
    side=96,
    standardise=True,
    empty=-2.0,
    shares=True,
    amounts=True,
    together=True,
    normalise=True,
    optimizer="adamw",
    learning_rate=1e-3,
    falling=True,
    epochs=40,
    mirror=True,
    balance="cavities",
    decide="f1",
    judging_f1=0.7,
    precision="bf16-mixed",
)
"""Small networks from scratch, for machines without a GPU.

Where it departs from the paper, whose networks start from ImageNet: without normalisation sixteen layers from
scratch stayed at the loss of guessing (0.693) for all of three epochs; one training of the features for three
signs costs a third of three. Shares came together with phantoms half of whose cavities have a ball instead of
three quarters; which of the two lets the axial network tell cavities with a ball was not measured by itself.
Standardised, shares did not tell how much dense tissue a region has: their mean alone told thick pleura about
as well as the networks did. A ball is in one region of seven: as frequent as that, a network must be nearly
sure before it says yes. Cavities without a ball weigh as much as all else without one: axially F1 of balls in
validation was 0.81 with that and 0.75 without, after 20 epochs of 93 phantom thoraxes.
"""
