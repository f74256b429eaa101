"""Patients to learn from, to choose the epoch by, and to score."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from LungCAD.errors import InputError
from LungCAD.train.checkpoints import digest
from LungCAD.train.cpa.cases import Case
from LungCAD.train.cpa.parameters import CpaTrainingParameters
from LungCAD.train.cpa.pictures import PictureSet


class Split(NamedTuple):
    """Cases for training, validation and test; no patient is in two of them."""

    training: list[Case]
    validation: list[Case]
    test: list[Case]

    def digest(self) -> str:
        """Return what differs where any case, what is known of it, or its part does."""
        return digest(
            each
            for part, cases in self._asdict().items()
            for case in cases
            for each in (
                *(part, case.file, case.name, case.patient, case.signs),
                np.array([case.disease, case.survival]),
            )
        )


def split_by_patient(cases: Sequence[Case], parameters: CpaTrainingParameters) -> Split:
    """Split by the seed alone.

    Raises
    ------
    InputError
        There are fewer than three patients.
    """
    patients = sorted({case.patient for case in cases})
    if len(patients) < 3:
        raise InputError("The scans", f"come from {len(patients)} patients", "At least 3 are needed")
    order = np.random.default_rng([parameters.seed, 3]).permutation(len(patients))
    for_test = max(1, round(parameters.test * len(patients)))
    for_validation = max(1, min(round(parameters.validation * len(patients)), len(patients) - for_test - 1))
    ends = (0, for_test, for_test + for_validation, len(patients))
    groups = [{patients[i] for i in order[low:high]} for low, high in itertools.pairwise(ends)]
    test, validation, training = ([case for case in cases if case.patient in group] for group in groups)
    return Split(training, validation, test)


def balanced(pictures: PictureSet, seed: int) -> PictureSet:
    """Return as many pictures with the label as without, drawn by the seed (SAPSAM, section 2.3).

    Of several labels the first decides.
    """
    present = pictures.labels[:, 0] == 1
    absent = pictures.labels[:, 0] == 0
    count = min(present.sum(), absent.sum())
    rng = np.random.default_rng([seed, 4])
    chosen = [rng.permutation(np.flatnonzero(each))[:count] for each in (present, absent)]
    return pictures[np.sort(np.concatenate(chosen))]
