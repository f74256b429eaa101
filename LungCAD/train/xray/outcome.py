"""The output folder of a trained network for radiographs."""

from __future__ import annotations

import csv
import dataclasses
import io
import math
from pathlib import Path

from LungCAD.files import write_json, write_text
from LungCAD.report.record import versions
from LungCAD.train.xray.parameters import XrayTrainingParameters
from LungCAD.train.xray.radiographs import RadiographSet
from LungCAD.train.xray.scores import Score, Summary, summary
from LungCAD.train.xray.training import XrayTraining, network_options
from LungCAD.weights import BACKGROUND, ModelCard, NetworkDescription, save_network

PAPER = {"mean": 0.962, "min": 0.926, "max": 0.974, "sd": 0.008}
"""Kalinovsky & Kovalev 2016, section 4; intersection over union, which they call Dice's score."""


def write_outcome(
    folder: Path,
    training: XrayTraining,
    films: RadiographSet,
    extra: RadiographSet | None,
    parameters: XrayTrainingParameters,
    command: str,
    note: str = "",
) -> None:
    """Write network.safetensors (half precision), MODEL_CARD.md, scores.csv and cross_validation.json.

    note : what the model card says of the data besides, in whole sentences.
    """
    result = summary(training.scores)
    card = _card(result, films, extra, parameters, command, note)
    description = NetworkDescription(
        architecture=parameters.architecture,
        options=network_options(parameters),
        schema="cxr_lungs",
        classes=(BACKGROUND, "lungs"),
        input=dataclasses.asdict(training.input),
        card=card,
    )
    save_network(training.network.half(), description, folder / "network.safetensors")
    write_text(folder / "MODEL_CARD.md", card.markdown())
    write_text(folder / "scores.csv", _csv(training.scores))
    record = {
        "parameters": parameters.as_dict(),
        "films": films.source,
        "summary": result,
        "paper": PAPER,
        "versions": versions(),
    }
    write_json(folder / "cross_validation.json", record)


def markdown(result: Summary) -> str:
    """Return the summary as a table, beside the paper's numbers on its own films."""
    lines = [
        "| films | measure | mean | min | max | SD |",
        "|---|---|---|---|---|---|",
    ]
    for group, measures in result.items():
        for name, title in (("iou", "IoU"), ("dice", "Dice"), ("surface_px", "surface distance, px")):
            numbers = " | ".join(_number(measures[name][key]) for key in ("mean", "min", "max", "sd"))
            lines.append(f"| {group} ({measures[name]['films']}) | {title} | {numbers} |")
    numbers = " | ".join(f"{value:.3f}" for value in PAPER.values())
    lines.append(f"| the paper's own (354) | IoU, there called Dice | {numbers} |")
    return "\n".join(lines)


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"


def _card(
    result: Summary,
    films: RadiographSet,
    extra: RadiographSet | None,
    parameters: XrayTrainingParameters,
    command: str,
    note: str,
) -> ModelCard:
    sets = [films] if extra is None else [films, extra]
    return ModelCard(
        title=f"Lungs on chest radiographs: {parameters.architecture}",
        data=f"{'; '.join(one.source for one in sets)}. {note}".strip(),
        licence="; ".join(one.licence for one in sets),
        synthetic=any(one.synthetic for one in sets),
        command=command,
        seed=parameters.seed,
        results=(
            f"{parameters.folds}-fold cross-validation by patient, every film scored once by a network that "
            f"never saw its patient, network alone, at the film's own size. {_passes(parameters)}"
            f"\n\n{markdown(result)}"
        ),
    )


def _passes(parameters: XrayTrainingParameters) -> str:
    if parameters.fold_epochs in (0, parameters.epochs):
        return f"All networks learned for {parameters.epochs} passes over their films."
    return (
        f"These networks learned for {parameters.fold_epochs} passes over their films, the one that is kept "
        f"for {parameters.epochs}."
    )


def _csv(scores: tuple[Score, ...]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in dataclasses.fields(Score)])
    writer.writeheader()
    writer.writerows(dataclasses.asdict(score) for score in sorted(scores, key=lambda one: one.iou))
    return text.getvalue()
