"""How far two readers agree: Dice and Cohen's kappa per class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ClassAgreement:
    """Agreement on one class against all others.

    first, second : voxels that each reader gave this label.
    dice : 2 |A and B| / (|A| + |B|); None where neither gave it.
    kappa : Cohen's kappa of the two yes-or-no labellings (Cohen, Educ Psychol Meas 1960); None where chance
        alone explains everything: neither gave it, or both gave nothing else.
    """

    value: int
    first: int
    second: int
    dice: float | None
    kappa: float | None


@dataclass(frozen=True)
class Agreement:
    """Agreement on `voxels` voxels: kappa over all labels together, and per class."""

    voxels: int
    kappa: float | None
    classes: tuple[ClassAgreement, ...]


def agreement(
    first: np.ndarray, second: np.ndarray, values: Sequence[int], within: np.ndarray | None = None
) -> Agreement:
    """Compare two labellings of the same voxels.

    Parameters
    ----------
    first, second : labels 0..255, of the same shape; 0, no label, counts as a label of its own.
    values : the classes to report.
    within : bool, the voxels to compare: those that both readers have accepted. All where None; but then the
        background outside the lung makes every agreement look good.

    Raises
    ------
    ValueError
        Shapes differ, or there is no voxel to compare.
    """
    within = np.ones(first.shape, bool) if within is None else within
    if not first.shape == second.shape == within.shape:
        raise ValueError(f"first {first.shape}, second {second.shape} and within {within.shape} differ")
    joint = _joint_counts(first[within], second[within])
    total = int(joint.sum())
    if not total:
        raise ValueError("within: there is no voxel to compare")
    rows, columns = joint.sum(1), joint.sum(0)
    classes = []
    for value in values:
        both, a, b = int(joint[value, value]), int(rows[value]), int(columns[value])
        two_by_two = np.array([[both, a - both], [b - both, total - a - b + both]])
        dice = 2 * both / (a + b) if a + b else None
        classes.append(ClassAgreement(value, a, b, dice, cohens_kappa(two_by_two)))
    return Agreement(total, cohens_kappa(joint), tuple(classes))


def _joint_counts(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    pairs = first.astype(np.uint8).astype(np.intp) * 256 + second
    return np.bincount(pairs, minlength=65536).reshape(256, 256)


def cohens_kappa(joint: np.ndarray) -> float | None:
    """Return (observed - expected) / (1 - expected) agreement of a table of counts, None for 0 / 0.

    joint : (K, K) how often the first reader said one thing and the second another.
    """
    total = joint.sum()
    if not total:
        return None
    observed = joint.trace() / total
    expected = float(joint.sum(1) @ joint.sum(0)) / float(total) ** 2
    return float((observed - expected) / (1 - expected)) if expected < 1 else None
