"""Cross-validate a patch network by patient, then train the one that is kept on all patches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import nn

from LungCAD.errors import InputError
from LungCAD.progress import Progress, part, silent
from LungCAD.train.checkpoints import claim_checkpoints
from LungCAD.train.confusion import ConfusionTable
from LungCAD.train.patches.fitting import State, confusion_of, fit, patch_input
from LungCAD.train.patches.learner import PatchLearner
from LungCAD.train.patches.parameters import PatchTrainingParameters
from LungCAD.train.patches.patch_set import PatchSet
from LungCAD.train.patient_folds import patient_folds
from LungCAD.unary.patch_input import PatchInput


@dataclass(frozen=True)
class PatchTraining:
    """A network and what is known of networks like it.

    network : trained on all patches. patches : its input. folds : what each part of the cross-validation
        gave, on patients that its network had not seen.
    """

    network: nn.Module
    patches: PatchInput
    folds: tuple[ConfusionTable, ...]

    @property
    def table(self) -> ConfusionTable:
        """All parts of the cross-validation together: every patch once."""
        return ConfusionTable(sum(fold.counts for fold in self.folds), self.folds[0].classes)


def train_patches(
    data: PatchSet,
    parameters: PatchTrainingParameters,
    imagenet: State | None = None,
    checkpoints: Path | None = None,
    progress: Progress = silent,
) -> PatchTraining:
    """Cross-validate by patient, then train on everything.

    Parameters
    ----------
    imagenet : tensors to start every network from; from scratch when None.
    checkpoints : folder that keeps what was learned after every epoch. A run with the same data and
        parameters goes on from there and ends with the same networks as one that was never broken off.

    Raises
    ------
    InputError
        Fewer patients than folds, a class in one fold only, checkpoints of another training, or as `fit`.
    Cancelled
        From `progress`.
    """
    parts = list(split_by_patient(data, parameters.folds, parameters.seed))
    if checkpoints is not None:
        settings = {"data": data.sha256, "imagenet": imagenet is not None, **parameters.as_dict()}
        claim_checkpoints(checkpoints, settings)
    runs = parameters.folds + 1

    def fitted(name: str, chosen: PatchSet, number: int) -> PatchLearner:
        file = checkpoints / f"{name}.ckpt" if checkpoints is not None else None
        return fit(chosen, parameters, imagenet, file, part(progress, number / runs, (number + 1) / runs))

    folds = []
    for number, (train, test) in enumerate(parts):
        learner = fitted(f"fold-{number + 1}", data.take(train), number)
        folds.append(ConfusionTable(confusion_of(learner, data.take(test), parameters), data.classes))
    final = fitted("all", data, parameters.folds)
    progress(1.0, "Trained")
    return PatchTraining(final.network.eval(), patch_input(data.patch_px, parameters), tuple(folds))


def split_by_patient(data: PatchSet, folds: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the indices to train and to test on; no patient is in both, classes are as even as can be.

    Raises
    ------
    InputError
        Fewer patients than folds, or a class that all its patients have in one fold.
    """
    for train, test in patient_folds(data.labels, data.patients, folds, seed, data.source):
        missing = sorted({data.classes[label] for label in set(data.labels) - set(data.labels[train])})
        if missing:
            raise InputError(
                data.source,
                f"has too few patients with {', '.join(missing)} to be in every fold",
                "Give more patients, or a schema without these classes",
            )
        yield train, test
