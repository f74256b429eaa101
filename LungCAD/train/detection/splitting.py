"""Folds of slices; no patient is on both sides of a split."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from LungCAD.errors import InputError
from LungCAD.train.detection.parameters import DetectionTrainingParameters
from LungCAD.train.detection.slices import SliceSet
from LungCAD.train.detection.targets import square_millimetres
from LungCAD.train.patient_folds import patient_folds


def chosen_folds(slices: SliceSet, parameters: DetectionTrainingParameters) -> NDArray[np.intp]:
    """Return the fold (N,) of every slice: those that somebody chose, else as `fold_of_slices` splits.

    Raises
    ------
    InputError
        All are in one fold, or there are fewer patients than folds.
    """
    if slices.folds is not None:
        if len(np.unique(slices.folds)) < 2:
            remedy = "Put the patients into two folds or more, or leave the column fold out"
            raise InputError(slices.source, "has all slices in one fold: none is left to learn from", remedy)
        return slices.folds
    threshold = square_millimetres(parameters.threshold_px)
    return fold_of_slices(slices, parameters.folds, threshold, parameters.seed)


def fold_of_slices(slices: SliceSet, folds: int, threshold_mm2: float, seed: int) -> NDArray[np.intp]:
    """Return the fold (N,) of every slice, from 0 on: all of a patient in one, diseases as even as can be.

    Raises
    ------
    InputError
        There are fewer patients than folds.
    """
    present = slices.present(threshold_mm2)
    kinds = np.where(present.any(1), 1 + np.argmax(slices.areas, axis=1), 0)
    fold = np.empty(len(slices), np.intp)
    parts = patient_folds(kinds, slices.patients, folds, seed, slices.source)
    for number, (_, test) in enumerate(parts):
        fold[test] = number
    return fold
