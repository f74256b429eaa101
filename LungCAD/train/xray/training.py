"""Cross-validate a network for radiographs by patient, then train the one that is kept on all films."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from LungCAD.devices import choose_device
from LungCAD.images.square import Square
from LungCAD.networks import ARCHITECTURES
from LungCAD.progress import Progress, each, part, silent
from LungCAD.tasks.xray_input import XrayInput
from LungCAD.train.checkpoints import claim_checkpoints, digest
from LungCAD.train.lightning_run import fit_module
from LungCAD.train.patient_folds import patient_folds
from LungCAD.train.xray.batches import Kept, load_films, training_batches
from LungCAD.train.xray.learner import XrayLearner
from LungCAD.train.xray.parameters import XrayTrainingParameters
from LungCAD.train.xray.radiographs import RadiographSet
from LungCAD.train.xray.scores import Score, score

LIGHTNING_PRECISION = {"float32": "32-true", "bfloat16": "bf16-mixed"}


@dataclass(frozen=True)
class XrayTraining:
    """A network trained on all films; the score of every film comes from one that never saw its patient."""

    network: nn.Module
    input: XrayInput
    scores: tuple[Score, ...]


def train_xray(
    films: RadiographSet,
    parameters: XrayTrainingParameters,
    extra: RadiographSet | None = None,
    checkpoints: Path | None = None,
    progress: Progress = silent,
) -> XrayTraining:
    """Cross-validate by patient, then train on everything.

    Parameters
    ----------
    extra : films that are learned from in every fold and never scored, such as synthetic ones.
    checkpoints : folder that keeps what was learned after every epoch. A run with the same films and
        parameters goes on from there and ends with the same networks as one that was never broken off.

    Raises
    ------
    InputError
        Fewer patients than folds, checkpoints of another training, a film that cannot be read.
    Cancelled
        From `progress`.
    """
    views, patients = ([getattr(film, name) for film in films.films] for name in ("view", "patient"))
    parts = list(patient_folds(views, patients, parameters.folds, parameters.seed, films.source))
    kept = load_films(films, parameters.side, part(progress, 0.0, 0.05))
    always = load_films(extra, parameters.side, part(progress, 0.05, 0.1)) if extra else []
    if checkpoints is not None:
        about = [[film.name, film.patient, film.view] for film in films.films]
        content = digest(array for film in (*kept, *always) for array in film)
        claim_checkpoints(checkpoints, {"films": about, "content": content, **parameters.as_dict()})
    runs = parameters.folds + 1

    def fitted(name: str, chosen: Kept, number: int, epochs: int) -> nn.Module:
        file = checkpoints / f"{name}.ckpt" if checkpoints is not None else None
        share = part(progress, 0.1 + 0.9 * number / runs, 0.1 + 0.9 * (number + 1) / runs)
        return fit(chosen + always, replace(parameters, epochs=epochs), file, share)

    scores: list[Score] = []
    for number, (train, test) in enumerate(parts):
        epochs = parameters.fold_epochs or parameters.epochs
        network = fitted(f"fold-{number + 1}", [kept[i] for i in train], number, epochs)
        scores += score_films(network, films.take(test), parameters)
    network = fitted("all", kept, parameters.folds, parameters.epochs)
    progress(1.0, "Trained")
    return XrayTraining(network, network_input(parameters), tuple(scores))


def fit(
    films: Kept, parameters: XrayTrainingParameters, checkpoint: Path | None, progress: Progress = silent
) -> nn.Module:
    """Return a network trained on these films; `checkpoint` and errors as in `fit_module`."""
    batches = training_batches(films, parameters)
    network = new_network(parameters).to(memory_format=torch.channels_last)  # quicker on processors
    learner = XrayLearner(network, parameters, parameters.epochs * len(batches))
    fit_module(
        learner,
        batches,
        epochs=parameters.epochs,
        device=parameters.device,
        precision=LIGHTNING_PRECISION[parameters.precision],
        checkpoint=checkpoint,
        progress=progress,
    )
    return network.cpu().to(memory_format=torch.contiguous_format).eval()


def score_films(
    network: nn.Module, films: RadiographSet, parameters: XrayTrainingParameters, progress: Progress = silent
) -> list[Score]:
    """Score what the network alone says, on every film's own grid, at a probability of one half."""
    prepare = network_input(parameters)
    device = choose_device(parameters.device)
    network = network.to(device)
    scores = []
    for film in each(films.films, progress, "Scoring"):
        image, truth = film.read()
        square = torch.from_numpy(prepare.image(image))[None, None].to(device)
        with torch.inference_mode():
            lung = network(square).softmax(1)[0, 1].cpu().numpy()
        predicted = Square.without_borders(image, prepare.side).take(lung) > 0.5
        scores.append(score(film.name, film.view, predicted, truth, film.pixel_mm))
    return scores


def network_options(parameters: XrayTrainingParameters) -> dict[str, object]:
    """Return the arguments of the architecture after the number of classes."""
    if parameters.architecture == "segnet":
        return {
            "filters": parameters.filters,
            "kernel": parameters.kernel,
            "contrast": parameters.contrast,
        }
    return {
        "filters": parameters.filters,
        "most_filters": 8 * parameters.filters,
        "depth": 5,
        "normalization": "batch",
    }


def network_input(parameters: XrayTrainingParameters) -> XrayInput:
    """Return how films are prepared."""
    return XrayInput(parameters.side, parameters.equalize)


def new_network(parameters: XrayTrainingParameters) -> nn.Module:
    """Return the untrained network that the seed decides."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(parameters.seed)
        return ARCHITECTURES[parameters.architecture](2, **network_options(parameters))
