"""The output folder of a trained patch network."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from LungCAD.files import write_json, write_text
from LungCAD.labels import Schema, schema_reference
from LungCAD.report.record import versions
from LungCAD.train.confusion import PAPER
from LungCAD.train.patches.parameters import TEXTURE, PatchTrainingParameters
from LungCAD.train.patches.patch_set import PatchSet
from LungCAD.train.patches.training import PatchTraining
from LungCAD.weights import ModelCard, NetworkDescription, save_network

TEXTURE_ORIGIN = "Goes on from the texture network that ships, which learned from phantoms."


def write_outcome(
    folder: Path,
    training: PatchTraining,
    data: PatchSet,
    schema: Schema,
    parameters: PatchTrainingParameters,
    licence: str,
    command: str,
) -> None:
    """Write network.safetensors, MODEL_CARD.md, and Table 1 as JSON, Markdown and CSV into the folder.

    `licence` : of the data, and so of the weights. `command` : what was run, without names of files.
    """
    card = _card(training, data, parameters, licence, command)
    description = NetworkDescription(
        architecture=parameters.architecture,
        options={} if parameters.architecture == TEXTURE else {"width": parameters.width},
        schema=schema_reference(schema),
        classes=data.classes,
        input=dataclasses.asdict(training.patches),
        card=card,
    )
    save_network(training.network, description, folder / "network.safetensors")
    write_text(folder / "MODEL_CARD.md", card.markdown())
    write_json(folder / "cross_validation.json", _record(training, data, parameters))
    write_text(folder / "table.md", training.table.markdown())
    write_text(folder / "table.csv", training.table.csv())


def _card(
    training: PatchTraining,
    data: PatchSet,
    parameters: PatchTrainingParameters,
    licence: str,
    command: str,
) -> ModelCard:
    accuracies = ", ".join(f"{100 * fold.accuracy:.1f} %" for fold in training.folds)
    summary = f"{len(training.folds)}-fold cross-validation by patient; accuracy of the folds: {accuracies}."
    origin = [TEXTURE_ORIGIN] if parameters.architecture == TEXTURE else []
    return ModelCard(
        title=f"Patch network {parameters.architecture} for {', '.join(data.classes)}",
        data=" ".join([f"{data.source}; patches per class: {_counts(data)}.", *data.warnings, *origin]),
        licence=licence,
        synthetic=data.synthetic,
        command=command,
        seed=parameters.seed,
        results=f"{summary}\n\n{training.table.markdown()}",
    )


def _counts(data: PatchSet) -> str:
    return ", ".join(f"{code} {count}" for code, count in data.counts.items())


def _record(
    training: PatchTraining, data: PatchSet, parameters: PatchTrainingParameters
) -> dict[str, object]:
    return {
        "parameters": parameters.as_dict(),
        "data": {
            "source": data.source,
            "sha256": data.sha256,
            "patients": len(np.unique(data.patients)),
            "patches": data.counts,
            "warnings": list(data.warnings),
        },
        "total": training.table.as_dict(),
        "folds": [fold.as_dict() for fold in training.folds],
        "paper": PAPER,
        "versions": versions(),
    }
