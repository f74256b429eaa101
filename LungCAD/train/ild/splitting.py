"""Who is learned from, who decides when to stop, and who is scored: always whole patients."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from LungCAD.errors import InputError
from LungCAD.train.ild.folds import balanced_folds
from LungCAD.train.ild.parameters import IldTrainingParameters
from LungCAD.train.ild.slices import SliceSet


def split_folds(data: SliceSet, folds: int, seed: int) -> Iterator[tuple[SliceSet, SliceSet]]:
    """Yield the slices to learn from and to score, fold by fold.

    Raises
    ------
    InputError
        Fewer patients than folds, or a fold without a class.
    """
    fold = _folds(data, folds, seed)
    for number in range(folds):
        for chosen, role in ((fold == number, "scored"), (fold != number, "learned from")):
            _require_all_classes(data, chosen, f"fold {number + 1} of {folds}: what is {role}")
    for number in range(folds):
        yield _of(data, fold != number), _of(data, fold == number)


def split_validation(data: SliceSet, parameters: IldTrainingParameters) -> tuple[SliceSet, SliceSet]:
    """Return the slices to learn from, and those that decide when to stop.

    These show all classes, or as many as any part of that size does while the others show all.

    Raises
    ------
    InputError
        Fewer patients than parts, or no part can be spared without losing a class.
    """
    parts = max(2, min(round(1 / parameters.validation), len(data.patients)))
    fold = _folds(data, parts, parameters.seed)
    shown = [(data.pixels[fold == part].sum(0) > 0).sum() for part in range(parts)]
    spare = [part for part in range(parts) if data.pixels[fold != part].sum(0).all()]
    part = max(spare, key=shown.__getitem__, default=0)
    _require_all_classes(data, fold != part, "what is learned from")
    return _of(data, fold != part), _of(data, fold == part)


def _folds(data: SliceSet, folds: int, seed: int) -> np.ndarray:
    if len(data.patients) < folds:
        problem = f"has {len(data.patients)} patients for {folds} parts"
        raise InputError(data.source, problem, "Give more patients or fewer folds")
    return balanced_folds(data.pixels, folds, seed)


def _require_all_classes(data: SliceSet, chosen: np.ndarray, what: str) -> None:
    counts = data.pixels[chosen].sum(0)
    missing = [code for code, count in zip(data.classes, counts, strict=True) if not count]
    if missing:
        raise InputError(
            data.source, f"{what} shows no {', '.join(missing)}", "Give more patients, fewer folds"
        )


def _of(data: SliceSet, chosen: np.ndarray) -> SliceSet:
    return data.of_patients(np.array(data.patients)[chosen].tolist())
