"""The second generator is consistent with itself: it may judge others only if its truth is true."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

PATH = Path(__file__).parents[2] / "second_generator.py"


@pytest.fixture(scope="module")
def generator():
    spec = importlib.util.spec_from_file_location("second_generator", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def study(generator):
    return generator.make_study(31, size=(320, 320, 12), spacing=(1.0, 1.0, 20.0))


def arrays(study):
    return (sitk.GetArrayFromImage(image) for image in (study.ct, study.labels, study.lungs))


def test_images_share_one_grid_and_the_declared_types(study):
    assert study.ct.GetPixelID() == sitk.sitkInt16
    assert study.labels.GetPixelID() == study.lungs.GetPixelID() == sitk.sitkUInt8
    for image in (study.ct, study.labels, study.lungs):
        assert image.GetSize() == (320, 320, 12)
        assert image.GetSpacing() == (1.0, 1.0, 20.0)


def test_every_lung_voxel_has_a_class_and_no_other_voxel_has(study):
    _, labels, lungs = arrays(study)
    assert np.array_equal(labels > 0, lungs > 0)
    assert set(np.unique(labels)) == {0, 1, 2, 3, 4, 5}


def test_shares_of_the_classes(study):
    _, labels, lungs = arrays(study)
    shares = np.bincount(labels[lungs > 0], minlength=6)[1:] / np.count_nonzero(lungs)
    assert 0.4 <= shares[0] <= 0.6
    assert shares[1:].min() >= 0.05


def test_a_patient_has_some_of_the_diseases(generator):
    """Each in about as many patients as is said; micronodules in none; and the rest is healthy."""
    parts = np.array([generator._as_in_patients(np.random.default_rng(seed)) for seed in range(400)])
    assert parts.sum(1) == pytest.approx(1)
    assert parts[:, 0].min() > 0
    for number, affected in enumerate(generator.AFFECTED):
        assert np.mean(parts[:, 1 + number] > 0) == pytest.approx(affected, abs=0.08)


def test_a_patients_labels_take_the_parts_that_were_drawn(generator, monkeypatch):
    monkeypatch.setattr(generator, "_as_in_patients", lambda _: np.array([0.7, 0, 0.1, 0.2, 0]))
    _, labels, lungs = arrays(generator.make_patient(2, size=(128, 128, 8), spacing=(2.5, 2.5, 30.0)))
    shares = np.bincount(labels[lungs > 0], minlength=6)[1:] / np.count_nonzero(lungs)
    assert shares == pytest.approx([0.7, 0, 0.1, 0.2, 0], abs=0.03)


def test_right_lung_lies_on_the_right_of_the_patient(study):
    _, _, lungs = arrays(study)
    assert np.nonzero(lungs == 1)[2].mean() < 160 < np.nonzero(lungs == 2)[2].mean()


def test_densities_are_those_of_lungs(study):
    ct, labels, _ = arrays(study)
    mean = {value: ct[labels == value].mean() for value in range(1, 6)}
    assert -900 < mean[1] < -780
    assert mean[2] < mean[1] < mean[5] < mean[3] < -450
    assert -800 < mean[4] < -450
    assert ct.min() >= -1024
    assert ct[0, :5, :5].mean() == pytest.approx(-1000, abs=20)


def test_the_class_of_a_pixel_cannot_be_read_off_its_density(study):
    """Nearest class mean, fitted to the full truth, stays below 0.65 balanced accuracy."""
    ct, labels, _ = arrays(study)
    means = np.array([ct[labels == value].mean() for value in range(1, 6)])
    recall = [
        np.mean(np.abs(ct[labels == value][:, None] - means).argmin(1) == value - 1) for value in range(1, 6)
    ]
    assert np.mean(recall) <= 0.65


def test_seeds_decide_everything(generator):
    small = {"size": (96, 96, 3), "spacing": (3.3, 3.3, 60.0)}
    first, again, other = (generator.make_study(seed, **small) for seed in (4, 4, 5))
    assert all(np.array_equal(a, b) for a, b in zip(arrays(first), arrays(again), strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(arrays(first), arrays(other), strict=True))
