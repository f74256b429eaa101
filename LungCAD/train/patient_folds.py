"""Parts of a cross-validation: all of a patient in one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import StratifiedGroupKFold

from LungCAD.errors import InputError


def patient_folds(
    kinds: ArrayLike, patients: Sequence[str] | NDArray, folds: int, seed: int, source: str
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield the indices to train and to test on, fold by fold, each kind spread as evenly as can be.

    kinds, patients : (N,). Kinds that are all rarer than folds count as one. source : for errors.

    Raises
    ------
    InputError
        There are fewer patients than folds.
    """
    count = len(np.unique(patients))
    if count < folds:
        raise InputError(source, f"has {count} patients for {folds} folds", "Give more patients")
    kinds = np.unique(kinds, return_inverse=True)[1]
    if np.bincount(kinds).max() < folds:
        kinds = np.zeros_like(kinds)
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    yield from splitter.split(kinds, kinds, patients)
