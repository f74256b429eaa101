"""The output folder of a trained detection network."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from LungCAD.files import atomic_path, write_json, write_text
from LungCAD.labels import load_schema
from LungCAD.report.record import versions
from LungCAD.tasks.detection_input import Decision
from LungCAD.train.detection.parameters import DetectionTrainingParameters
from LungCAD.train.detection.plots import plot_detection_curves
from LungCAD.train.detection.scan_decisions import AlongScans
from LungCAD.train.detection.scores import DetectionScores, detection_scores, markdown
from LungCAD.train.detection.slices import SliceSet
from LungCAD.train.detection.targets import square_millimetres
from LungCAD.train.detection.training import DetectionTraining, network_options
from LungCAD.weights import ModelCard, NetworkDescription, save_network

SCHEMA = "ltrc5"


def write_outcome(
    folder: Path,
    training: DetectionTraining,
    slices: SliceSet,
    extra: SliceSet | None,
    parameters: DetectionTrainingParameters,
    command: str,
    before: ModelCard | None = None,
) -> DetectionScores:
    """Write network.safetensors (half precision), MODEL_CARD.md, scores.json, scores.csv and curves.png.

    before : the card of the network that training went on from.

    Returns
    -------
    The scores of the slices that were held out.
    """
    patients = slices.patients[training.scored]
    scores = detection_scores(training.scores, training.found, training.present, patients)
    card = _card(training, scores, slices, extra, parameters, command)
    if before is not None:
        card = _after(before, card, training.learned)
    save_network(
        training.network.half(), describe(training, slices, parameters, card), folder / "network.safetensors"
    )
    write_text(folder / "MODEL_CARD.md", card.markdown())
    record = {
        "parameters": parameters.as_dict(),
        "slices": slices.source,
        "extra": None if extra is None else extra.source,
        "diseases": list(slices.diseases),
        "threshold_mm2": square_millimetres(parameters.threshold_px),
        "held_out": scores.as_dict(),
        "along_scans": None if training.along is None else dataclasses.asdict(training.along),
        "decisions": [dataclasses.asdict(one) for one in training.decisions],
        "versions": versions(),
    }
    write_json(folder / "scores.json", record)
    write_text(folder / "scores.csv", _csv(training, slices))
    schema = load_schema(SCHEMA)
    curves = plot_detection_curves(
        training.scores, training.present, [schema.by_code(code) for code in slices.diseases]
    )
    with atomic_path(folder / "curves.png") as path:
        path.write_bytes(curves)
    return scores


def describe(
    training: DetectionTraining, slices: SliceSet, parameters: DetectionTrainingParameters, card: ModelCard
) -> NetworkDescription:
    """Return what the weights' file says; one class per slice puts "healthy" before the diseases."""
    healthy = ("healthy",) if parameters.head == "softmax" else ()
    return NetworkDescription(
        architecture="cnn_f",
        options=network_options(parameters),
        schema=SCHEMA,
        classes=(*healthy, *slices.diseases),
        input=network_input(slices, parameters, training.decisions),
        card=card,
    )


def network_input(
    slices: SliceSet, parameters: DetectionTrainingParameters, decisions: tuple[Decision, ...]
) -> dict[str, Any]:
    """Return how slices are prepared and outputs are read, as plain data."""
    return {
        **slices.input.as_plain(),
        "head": parameters.head,
        "threshold_mm2": square_millimetres(parameters.threshold_px),
        "decisions": [dataclasses.asdict(one) for one in decisions],
    }


def _card(
    training: DetectionTraining,
    scores: DetectionScores,
    slices: SliceSet,
    extra: SliceSet | None,
    parameters: DetectionTrainingParameters,
    command: str,
) -> ModelCard:
    sets = [slices] if extra is None else [slices, extra]
    area = square_millimetres(parameters.threshold_px)
    judged = (
        "Every slice is judged with thresholds and temperatures that were fitted to other patients; those "
        "of the network were fitted to all of them."
        if scores.patients > 1
        else "Thresholds and temperatures were fitted to these very slices."
    )
    present = (
        "a disease is present where a reader ticked it"
        if slices.ticked
        else f"a disease counts as present from {area:.0f} mm2 on "
        f"({parameters.threshold_px:.0f} pixels of 0.7 mm)"
    )
    held_out = f"{training.held_out}; {present}. Slices are seen from both sides. {judged}"
    if training.along is not None:
        held_out += f" {_along(training.along, slices.diseases)}"
    return ModelCard(
        title=f"Interstitial lung disease on axial slices: CNN-F, width {parameters.width:g}",
        data="; ".join(one.source for one in sets) + f": {sum(map(len, sets))} slices.",
        licence="; ".join(dict.fromkeys(one.licence for one in sets)),
        synthetic=any(one.synthetic for one in sets),
        command=command,
        seed=parameters.seed,
        results=f"{held_out}\n\n{markdown(scores, slices.diseases)}",
    )


def _along(along: AlongScans, diseases: Sequence[str]) -> str:
    told = ", ".join(f"{code} {right}" for code, right in zip(diseases, along.right, strict=True))
    return (
        "The table is of single slices with thresholds of theirs; those of the network are for the curve "
        "along a scan, in which neighbours have a say, and whole scans are read from the curve's highest "
        f"point. Fitted to other patients, they reach an overall F1 of {along.f1:.3f} on the curves, and of "
        f"{along.scans} scans so many are told rightly: {told}."
    )


def _after(before: ModelCard, card: ModelCard, learned: bool) -> ModelCard:
    """Return the card of a network that went on from another one, whose data and command count as well."""
    then = "Then" if learned else "Thresholds and temperatures alone"
    licences = dict.fromkeys([*before.licence.split("; "), *card.licence.split("; ")])
    return dataclasses.replace(
        card,
        data=f"{before.data} {then}: {card.data}",
        licence="; ".join(licences),
        synthetic=before.synthetic or card.synthetic,
        command=f"{before.command} ; {card.command}",
    )


def _csv(training: DetectionTraining, slices: SliceSet) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["patient", *slices.diseases, *(f"score_{code}" for code in slices.diseases)])
    rows = zip(training.scored, training.present, training.scores, strict=True)
    for index, truth, score in rows:
        table.writerow([slices.patients[index], *truth.astype(int), *(f"{value:.4f}" for value in score)])
    return text.getvalue()
