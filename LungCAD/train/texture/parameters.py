"""What a user may choose in training the texture network."""

from __future__ import annotations

from dataclasses import dataclass

from LungCAD.parameters import Parameters, parameter


@dataclass(frozen=True)
class TextureTrainingParameters(Parameters):
    """The first group decides what is seen, the rest how it is learned."""

    studies: int = parameter(170, "Phantoms to learn from, each with a scanner of its own", minimum=1)
    first_seed: int = parameter(5000, "Seed of the first phantom; benchmarks use seeds below 5000", minimum=0)
    held_out: int = parameter(16, "Further phantoms, on which the network is measured", minimum=1)
    crops: int = parameter(8, "Crops of one phantom per episode", minimum=2)
    crop: int = parameter(112, "Width of a crop", unit="px", minimum=32)
    dimensions: int = parameter(16, "Numbers that describe a pixel", minimum=2, maximum=64)
    episodes: int = parameter(7000, "Steps of the training, one episode each", minimum=1)
    learning_rate: float = parameter(2e-3, "Where it starts before it falls to 0 as a cosine", above=0.0)
    weight_decay: float = parameter(1e-4, "Decay of the weights (AdamW)", minimum=0.0)
    seed: int = parameter(0, "Of the first weights and the episodes", minimum=0)
    device: str = parameter("auto", "Where tensors are computed", choices=("auto", "cpu", "cuda", "mps"))
