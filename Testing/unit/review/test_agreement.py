"""Two readers, against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, f1_score

from LungCAD.review import agreement


@pytest.mark.parametrize("seed", range(5))
def test_dice_and_kappa_are_those_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 5, (4, 20, 20)).astype(np.uint8)
    second = np.where(rng.random(first.shape) < 0.7, first, rng.integers(0, 5, first.shape)).astype(np.uint8)
    within = rng.random(first.shape) < 0.5
    found = agreement(first, second, (1, 2, 3, 4), within)
    a, b = first[within], second[within]
    assert found.voxels == within.sum()
    assert found.kappa == pytest.approx(cohen_kappa_score(a, b), abs=1e-12)
    for each in found.classes:
        one, two = a == each.value, b == each.value
        assert (each.first, each.second) == (one.sum(), two.sum())
        assert each.dice == pytest.approx(f1_score(one, two), abs=1e-12)
        assert each.kappa == pytest.approx(cohen_kappa_score(one, two), abs=1e-12)


def test_extremes():
    first = np.array([1, 1, 2, 2], np.uint8)
    same = agreement(first, first, (1, 2, 3))
    assert same.kappa == 1
    assert (same.classes[0].dice, same.classes[0].kappa) == (1, 1)
    assert (same.classes[2].dice, same.classes[2].kappa) == (None, None)
    opposite = agreement(first, 3 - first, (1, 2))
    assert opposite.kappa == -1
    assert opposite.classes[0].dice == 0
    assert agreement(first * 0 + 1, first * 0 + 1, (1,)).classes[0].kappa is None


def test_large_counts_do_not_overflow():
    first = np.zeros(400_000, np.uint8)
    first[::2] = 1
    second = np.zeros_like(first)
    second[::3] = 1
    first, second = np.tile(first, 20), np.tile(second, 20)
    assert agreement(first, second, (1,)).kappa == pytest.approx(0, abs=1e-4)


def test_nothing_to_compare():
    first = np.ones((2, 2), np.uint8)
    with pytest.raises(ValueError, match="within"):
        agreement(first, first, (1,), np.zeros((2, 2), bool))
    with pytest.raises(ValueError, match="differ"):
        agreement(first, first[:1], (1,))
