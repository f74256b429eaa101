"""The output folder of a trained network for interstitial lung disease."""

from __future__ import annotations

from pathlib import Path

from LungCAD.files import write_json, write_text
from LungCAD.labels import Schema, schema_reference
from LungCAD.report.record import versions
from LungCAD.train.ild.figures import plot_classes, plot_folds, plot_history
from LungCAD.train.ild.networks import network_options
from LungCAD.train.ild.parameters import IldTrainingParameters
from LungCAD.train.ild.scores import markdown, scores_csv, summary
from LungCAD.train.ild.slices import SliceSet
from LungCAD.train.ild.training import IldTraining
from LungCAD.weights import ModelCard, NetworkDescription, save_network


def write_outcome(
    folder: Path,
    training: IldTraining,
    data: SliceSet,
    schema: Schema,
    parameters: IldTrainingParameters,
    command: str,
) -> None:
    """Write network.safetensors (half precision), MODEL_CARD.md, scores.md, .csv and .json, and figures.

    The table by fold and class, and the figures, are of the cross-validation where there was one; else of
    what was kept apart.

    data : all that was learned from. command : what was run, without names of files.
    """
    card = _card(training, data, parameters, command)
    description = NetworkDescription(
        architecture=parameters.architecture,
        options=network_options(parameters),
        schema=schema_reference(schema),
        classes=data.classes,
        input=training.input.as_plain(),
        card=card,
    )
    save_network(training.fitted.network.half(), description, folder / "network.safetensors")
    write_text(folder / "MODEL_CARD.md", card.markdown())
    (folder / "history.png").write_bytes(plot_history(training.fitted.history))
    record = {
        "parameters": parameters.as_dict(),
        "data": {"source": data.source, "warnings": list(data.warnings)},
        "history": list(training.fitted.history),
        "versions": versions(),
    }
    if training.tables:
        record["summary"] = summary(training.tables)
        write_text(folder / "scores.md", told(training))
        write_text(folder / "scores.csv", scores_csv(training.tables))
        (folder / "confusion.png").write_bytes(plot_folds(training.tables, schema))
        (folder / "classes.png").write_bytes(plot_classes(training.tables, schema))
    if training.unseen:
        record["unseen"] = summary((training.unseen,))
    write_json(folder / "scores.json", record)


def told(training: IldTraining) -> str:
    """Return as Markdown how the networks were scored, and what came of it."""
    parts = []
    if training.folds:
        how = (
            f"{len(training.folds)}-fold cross-validation by patient, every labelled pixel told once by a "
            "network that never saw its patient."
        )
        parts.append(f"{how}\n\n{markdown(training.folds)}")
    if training.unseen:
        how = "The network itself, on studies that were kept apart from the training."
        parts.append(f"{how}\n\n{markdown((training.unseen,))}")
    if parts:
        return "\n".join(parts)
    return f"Balanced accuracy {max(training.fitted.history):.3f} on the patients that ended the training."


def _card(
    training: IldTraining, data: SliceSet, parameters: IldTrainingParameters, command: str
) -> ModelCard:
    return ModelCard(
        title=f"Interstitial lung disease, {len(data.classes)} classes: {parameters.architecture}",
        data=" ".join([f"{data.source}.", *data.warnings]),
        licence=data.licence,
        synthetic=data.synthetic,
        command=command,
        seed=parameters.seed,
        results=told(training),
    )
