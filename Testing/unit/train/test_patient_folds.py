"""Folds by patient: complete, disjoint, even, and there for few cases, too."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold

from LungCAD.errors import InputError
from LungCAD.train.patient_folds import patient_folds


def parts(kinds, patients, folds=3, seed=0):
    return list(patient_folds(kinds, patients, folds, seed, "some cases"))


def test_every_case_is_tested_once_by_others_than_its_patients():
    patients = np.random.default_rng(0).integers(0, 11, 80).astype(str)
    kinds = np.random.default_rng(1).choice(["PA", "AP"], 80)
    tested = []
    for train, test in parts(kinds, patients):
        assert not set(patients[train]) & set(patients[test])
        assert sorted([*train, *test]) == list(range(80))
        tested += test.tolist()
    assert sorted(tested) == list(range(80))


def test_kinds_are_spread_as_scikit_learn_spreads_them():
    patients, kinds = np.arange(60) % 20, np.arange(60) % 20 < 5
    splitter = StratifiedGroupKFold(5, shuffle=True, random_state=7)
    for own, other in zip(parts(kinds, patients, 5, 7), splitter.split(kinds, kinds, patients), strict=True):
        np.testing.assert_array_equal(own[1], other[1])
        assert kinds[own[1]].any()


def test_kinds_that_are_all_rarer_than_folds_split_as_well():
    found = parts(["PA", "PA", "AP", "AP", "LL"], list("abcde"), 5)
    assert sorted(test.tolist() for _, test in found) == [[0], [1], [2], [3], [4]]


def test_fewer_patients_than_folds_are_refused():
    with pytest.raises(InputError, match=r"some cases.*2 patients for 3 folds"):
        parts([0, 1, 0, 1], list("aabb"))
