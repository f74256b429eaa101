"""Folds alike in their classes: a local optimum by brute force, equal sizes, the same for the same seed."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import entropy

from LungCAD.train.ild.folds import balanced_folds


@pytest.fixture
def cases():
    """As in the paper's table I: few cases have any one class, and sizes differ widely."""
    rng = np.random.default_rng(0)
    return (rng.lognormal(7, 1, (43, 6)) * (rng.random((43, 6)) < 0.3)).astype(int)


def mean_entropy(pixels, fold):
    return np.mean([entropy(pixels[fold == index].sum(0)) for index in range(fold.max() + 1)])


def test_no_exchange_of_two_cases_is_better(cases):
    fold = balanced_folds(cases, 5, seed=1)
    reached = mean_entropy(cases, fold)
    for first, second in combinations(range(len(cases)), 2):
        swapped = fold.copy()
        swapped[[first, second]] = fold[[second, first]]
        assert mean_entropy(cases, swapped) <= reached + 1e-9


def test_it_is_better_than_chance(cases):
    rng = np.random.default_rng(2)
    chance = [mean_entropy(cases, rng.permutation(np.arange(len(cases)) % 5)) for _ in range(200)]
    assert mean_entropy(cases, balanced_folds(cases, 5, seed=1)) > max(chance)


def test_sizes_and_repetition(cases):
    fold = balanced_folds(cases, 5, seed=3)
    assert sorted(np.bincount(fold)) == [8, 8, 9, 9, 9]
    np.testing.assert_array_equal(fold, balanced_folds(cases, 5, seed=3))
    assert (fold != balanced_folds(cases, 5, seed=4)).any()


def test_cases_without_labels_are_split_too():
    fold = balanced_folds(np.zeros((4, 3), int), 2, seed=0)
    assert sorted(fold) == [0, 0, 1, 1]


@pytest.mark.parametrize("folds", [1, 5])
def test_impossible_numbers_of_folds(folds):
    with pytest.raises(ValueError, match="folds"):
        balanced_folds(np.ones((4, 2), int), folds, seed=0)


@pytest.mark.parametrize("pixels", [np.ones(4, int), -np.ones((4, 2), int), np.ones((4, 2))])
def test_what_is_no_table_of_counts(pixels):
    with pytest.raises(ValueError, match="pixels"):
        balanced_folds(pixels, 2, seed=0)
