"""The output folder of a trained texture network."""

from __future__ import annotations

from pathlib import Path

from LungCAD.files import write_text
from LungCAD.train.texture.parameters import TextureTrainingParameters
from LungCAD.train.texture.scans import SCHEMAS
from LungCAD.train.texture.training import TextureTraining
from LungCAD.weights import ModelCard, NetworkDescription, save_network


def write_outcome(
    folder: Path, training: TextureTraining, parameters: TextureTrainingParameters, command: str
) -> None:
    """Write texture.safetensors, in half precision, and its model card texture.md into the folder.

    `command` : what was run, without names of files.
    """
    card = _card(training, parameters, command)
    description = NetworkDescription(
        architecture="texture",
        schema="any",
        classes=tuple(f"texture_{i + 1}" for i in range(parameters.dimensions)),
        card=card,
    )
    save_network(training.network.half(), description, folder / "texture.safetensors")
    write_text(folder / "texture.md", card.markdown())


def _card(training: TextureTraining, parameters: TextureTrainingParameters, command: str) -> ModelCard:
    last = parameters.first_seed + parameters.studies - 1
    return ModelCard(
        title="Texture of lung tissue, described for few drawn regions",
        data=f"{parameters.studies} phantoms of LungCAD, seeds {parameters.first_seed} to {last}, of the "
        f"schemas {', '.join(SCHEMAS)}, with kernels, pixels, slice thickness and noise of many scanners. "
        "No patient.",
        licence="Apache-2.0",
        synthetic=True,
        command=command,
        seed=parameters.seed,
        results=f"In {parameters.held_out} phantoms that were not learned from, one to eleven regions drawn "
        "per class and all else told by the nearest class mean: balanced accuracy "
        f"{training.accuracy:.2f} ± {training.spread:.2f} (standard deviation over episodes).",
    )
