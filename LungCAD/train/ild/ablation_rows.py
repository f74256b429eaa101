"""Rows of Tables II and III of Anthimopoulos et al., 2018, and how their networks learn from phantoms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from LungCAD.parameters import Parameters, parameter
from LungCAD.train.ild.parameters import IldTrainingParameters

SCHEMA = "lungnet6"

SHARED = (
    "epochs",
    "batch",
    "loss",
    "epoch_slices",
    "window",
    "learning_rate",
    "dropout",
    "precision",
    "device",
)
"""Parameters of a training that all rows have alike."""


@dataclass(frozen=True)
class Row:
    """One network of the paper.

    paper : its balanced accuracy, %. weights : how many it has, in 10^5. milliseconds : of one lung on one
    slice, on a Titan X. changed : what differs from the one proposed.
    """

    name: str
    paper: float
    weights: float
    milliseconds: float
    changed: Mapping[str, Any] = field(default_factory=dict)


TABLE_2 = (
    Row("w/o dilated convolutions", 68.0, 1.3, 51, {"variant": "w/o dilated convolutions"}),
    Row("w/o concatenation", 72.6, 0.93, 53, {"variant": "w/o concatenation"}),
    Row("w/o InstanceNorm", 77.9, 1.29, 38, {"variant": "w/o InstanceNorm"}),
    Row("w/o InstanceNorm skip", 78.6, 1.3, 57, {"variant": "w/o InstanceNorm skip"}),
    Row("16 kernels/layer", 79.2, 0.47, 51, {"variant": "16 kernels/layer"}),
    Row("Exponential dilation", 79.5, 1.03, 48, {"variant": "Exponential dilation"}),
    Row("Purely supervised", 80.6, 1.3, 58, {"unsupervised_weight": 0.0}),
    Row("9 dilated layers", 81.3, 1.18, 53, {"variant": "9 dilated layers"}),
    Row("Proposed", 81.8, 1.3, 58),
    Row("64 kernels/layer", 82.1, 4.23, 82, {"variant": "64 kernels/layer"}),
)
TABLE_3 = (
    Row("ILD-CNN", 72.2, 0.9, 237, {"architecture": "ild_cnn"}),
    Row("SegNet", 73.6, 335, 111, {"architecture": "segnet_vgg"}),
    Row("U-Net", 77.5, 310, 88, {"architecture": "unet"}),
)
ROWS = TABLE_2 + TABLE_3


@dataclass(frozen=True)
class AblationParameters(Parameters):
    """How much is learned, from what.

    The defaults are a reduced setting: one repeat of all rows takes less than two hours on two processors.
    Without dropout (the paper: 0.5): so few passes have no time to overfit.
    """

    studies: int = parameter(40, "Phantoms to learn from", minimum=2)
    unseen: int = parameter(6, "Further phantoms, on which every network is scored", minimum=1)
    drawn: float = parameter(
        0.5,
        "Part of the lung that is labelled where it is learned from; the rest teaches unsupervised",
        above=0.0,
        maximum=1.0,
    )
    repeats: int = parameter(3, "Trainings of every row, with other first weights and orders", minimum=1)
    epochs: int = parameter(5, "Most passes", minimum=1)
    epoch_slices: int = parameter(1000, "Slices in one of them", minimum=1)
    batch: int = parameter(4, "Slices of one step", minimum=1)
    loss: str = parameter("set", "As lungcad train ild has it", choices=("means", "set", "sum"))
    window: int = parameter(96, "Width of the part of a slice that is learned from", unit="px", minimum=0)
    width: float = parameter(0.25, "Part of the channels of SegNet and U-Net", above=0.0, maximum=1.0)
    learning_rate: float = parameter(2e-3, "At its highest, of one cycle", above=0.0)
    dropout: float = parameter(0.0, "Part of the maps' pixels that a step leaves out", minimum=0, maximum=0.9)
    precision: str = parameter("bf16-mixed", "Of numbers", choices=("32-true", "16-mixed", "bf16-mixed"))
    seed: int = parameter(0, "Of the first repeat", minimum=0)
    device: str = parameter("auto", "Where tensors are computed", choices=("auto", "cpu", "cuda", "mps"))

    def of(self, row: Row, repeat: int) -> IldTrainingParameters:
        """Return how one network of a row is trained."""
        rival = row.changed.get("architecture") in ("segnet_vgg", "unet")
        return IldTrainingParameters(
            schema=SCHEMA,
            schedule="one-cycle",
            folds=0,
            seed=self.seed + repeat,
            **{name: getattr(self, name) for name in SHARED},
            **({"width": self.width} if rival else {}),
            **row.changed,
        )
