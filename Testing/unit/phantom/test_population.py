"""Disease as in a population: from none to much, and nothing changed for those who do not ask."""

from __future__ import annotations

import inspect
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.labels import load_schema
from LungCAD.parallel import process_map
from LungCAD.phantom.disease import true_labels
from LungCAD.phantom.lesions import LESIONS_PER_CLASS, LungSpace, plan_lesions
from LungCAD.phantom.population import EXTENT, FOCI, MOST_DISEASED, plan_population
from LungCAD.phantom.study import StudyParameters, make_study, plan_disease

LTRC = load_schema("ltrc5")
SMALL = StudyParameters(size=(64, 56, 8), spacing=(5.2, 5.2, 32.0), schema="ltrc5")


@pytest.fixture(scope="module")
def space():
    z, y, x = np.ogrid[:14, :40, :60]
    lungs = (((z - 7) / 7) ** 2 + ((y - 20) / 18) ** 2 + ((np.abs(x - 30) - 16) / 12) ** 2) < 1
    return LungSpace.of(lungs.astype(np.uint8), (15.0, 5.0, 5.0))


def shares(space, seed):
    values = {label.code: label.value for label in LTRC.labels}
    lesions = plan_population(space, LTRC.codes, np.random.default_rng(seed))
    labels = true_labels(space, lesions, values).ravel()[space.index]
    return {code: np.mean(labels == value) for code, value in values.items() if code != "healthy"}, lesions


def test_patients_differ_in_what_they_have_and_how_much(space):
    found = [shares(space, seed)[0] for seed in range(60)]
    had = np.array([[share > 0 for share in patient.values()] for patient in found])
    assert {0, 1, 2, 3} <= set(had.sum(1).tolist())
    for code, expected in (
        ("ground_glass", 0.72),
        ("reticulation", 0.29),
        ("honeycombing", 0.17),
        ("emphysema", 0.6),
    ):
        part = np.mean([patient[code] > 0 for patient in found])
        assert part == pytest.approx(expected, abs=0.2)
    amounts = [share for patient in found for share in patient.values() if share > 0]
    assert min(amounts) < 2 * EXTENT[0]
    assert max(amounts) > 0.7 * EXTENT[1]
    assert max(sum(patient.values()) for patient in found) < MOST_DISEASED + 0.05


def test_lesions_may_be_few(space):
    for seed in range(20):
        _, lesions = shares(space, seed)
        for code in {lesion.code for lesion in lesions}:
            assert sum(lesion.code == code for lesion in lesions) <= FOCI[1]


def test_same_seed_same_patient():
    first, second = (make_study(replace(SMALL, population=True, seed=4)) for _ in range(2))
    arrays = [sitk.GetArrayFromImage(image) for image in (first.ct, second.ct, first.labels, second.labels)]
    np.testing.assert_array_equal(arrays[0], arrays[1])
    np.testing.assert_array_equal(arrays[2], arrays[3])


def test_without_it_nothing_changed(space):
    assert inspect.signature(plan_lesions).parameters["foci"].default == LESIONS_PER_CLASS
    plain, explicit = (
        plan_disease(space, LTRC.codes, np.random.default_rng(3), **options)
        for options in ({}, {"population": False})
    )
    for one, other in zip(plain, explicit, strict=True):
        assert one.code == other.code
        np.testing.assert_array_equal(one.weight, other.weight)
    codes = {lesion.code for lesion in plain}
    assert codes == set(LTRC.codes) - {"healthy"}


def test_patients_made_in_other_processes_are_the_same():
    patients = [replace(SMALL, population=True, mimics=True, seed=seed) for seed in (4, 5)]
    for here, there in zip(map(make_study, patients), process_map(make_study, patients, 2), strict=True):
        assert there.parameters == here.parameters
        for one, other in ((here.ct, there.ct), (here.labels, there.labels), (here.lungs, there.lungs)):
            np.testing.assert_array_equal(*map(sitk.GetArrayFromImage, (one, other)))
            assert one.GetSpacing() == other.GetSpacing()
            assert one.GetOrigin() == other.GetOrigin()
