"""The instruments of the difficulty gate against cases with a known answer, and the gate itself."""

from dataclasses import replace

import numpy as np
import pytest

from LungCAD.phantom.comparison import emphysema_patches
from LungCAD.phantom.difficulty import (
    Check,
    density_checks,
    difficulty_report,
    measure_density,
    measure_difficulty,
    patch_checks,
)
from LungCAD.phantom.patches import histogram_overlap, patch_statistics, sample_patches
from LungCAD.phantom.reference import DENSE_SHARE, REAL_OVERLAP_WITH_NORMAL, REAL_PATCHES
from LungCAD.phantom.separability import histogram_accuracy, lda_accuracy, lung_mean, texture_accuracy
from LungCAD.phantom.study import BENCHMARK


def test_statistics_of_noise_and_of_level():
    rng = np.random.default_rng(0)
    levels = rng.normal(-850, 40, 500)
    patches = levels[:, None, None] + rng.normal(0, 20, (500, 31, 31))
    measured = patch_statistics(patches)
    assert measured.mean == pytest.approx(levels.mean(), abs=0.5)
    assert measured.between == pytest.approx(levels.std(), rel=0.02)
    assert measured.within == pytest.approx(20, rel=0.01)
    assert measured.r1 == pytest.approx(0, abs=0.01)


def test_correlation_is_pearsons():
    patches = np.cumsum(np.random.default_rng(0).normal(0, 1, (3, 31, 31)), axis=2)
    expected = np.mean(
        [
            np.corrcoef(a.ravel(), b.ravel())[0, 1]
            for p in patches
            for a, b in ((p[:, 3:], p[:, :-3]), (p[3:], p[:-3]))
        ]
    )
    assert patch_statistics(patches).r3 == pytest.approx(expected)


def test_overlap_of_histograms():
    values = np.arange(-1000, -800, 1.0)
    assert histogram_overlap(values, values) == pytest.approx(1)
    assert histogram_overlap(values, values + 400) == 0
    assert histogram_overlap(values, values + 100) == pytest.approx(0.5)


def test_classifiers_on_one_number():
    labels = np.repeat([1, 2], 1000)
    jitter = np.random.default_rng(0).uniform(-1, 1, 2000)
    apart = np.where(labels == 1, -902.0, -702.0) + jitter
    assert histogram_accuracy(apart, labels) == lda_accuracy(apart, labels) == 1
    # A class on both sides of the other: no threshold helps a linear discriminant, the histogram sees it.
    around = np.where(labels == 1, -802.0, np.tile([-902.0, -702.0], 1000)) + jitter
    assert histogram_accuracy(around, labels) == 1
    assert lda_accuracy(around, labels) <= 0.76


def test_histogram_classifier_weights_classes_equally():
    labels = np.repeat([1, 2], [10_000, 10])
    assert histogram_accuracy(np.full(len(labels), -850.0), labels) == pytest.approx(0.5)


def test_lung_mean_ignores_the_chest_wall():
    hu = np.full((1, 20, 20), -850.0, np.float32)
    lungs = np.ones((1, 20, 20), np.uint8)
    lungs[:, :, 10:], hu[:, :, 10:] = 0, 40
    assert lung_mean(hu, lungs, 15)[lungs > 0] == pytest.approx(-850, abs=0.1)


def test_texture_classifier_sees_what_density_does_not():
    rng = np.random.default_rng(0)
    hu = np.full((4, 120, 60), -850, np.float32)
    labels = np.repeat([1, 2], 60)[None, :, None] * np.ones(hu.shape, int)
    hu += np.where(
        labels == 1, rng.normal(0, 60, hu.shape), np.repeat(rng.normal(0, 60, (4, 120, 15)), 4, axis=2)
    )
    assert lda_accuracy(hu.ravel(), labels.ravel()) < 0.55
    assert texture_accuracy(hu, labels, labels, rng) > 0.9


def test_patches_obey_their_conditions():
    hu = np.full((2, 100, 100), -850, np.float32)
    lungs = np.ones(hu.shape, np.uint8)
    lungs[:, :, 60:], hu[:, :, 60:] = 0, 40
    rng = np.random.default_rng(0)
    whole = sample_patches(hu, lungs > 0, lungs, (0.0, 0.0), 20, rng, max_dense=0.0)
    assert len(whole) == 20
    assert (whole == -850).all()
    border = sample_patches(hu, lungs > 0, lungs, (0.1, 0.4), 20, rng, max_dense=0.0)
    assert len(border) == 20
    part = (border > 0).mean(axis=(1, 2))
    assert part.min() >= 0.1
    assert part.max() <= 0.4
    hu[:, :, :60] = 40
    assert len(sample_patches(hu, lungs > 0, lungs, (0.0, 0.0), 5, rng, max_dense=0.05)) == 0


def test_real_numbers_pass_and_others_fail():
    assert all(check.passed for check in patch_checks(REAL_PATCHES, REAL_OVERLAP_WITH_NORMAL))
    darker = {name: replace(s, mean=s.mean - 25) for name, s in REAL_PATCHES.items()}
    failed = [c.name for c in patch_checks(darker, REAL_OVERLAP_WITH_NORMAL) if not c.passed]
    assert failed == ["NT mean", "CL1 mean", "CL2 mean", "CL3 mean", "PL mean"]


def test_the_worst_seed_counts():
    good = {
        "seed": 0,
        "pixel_histogram": 0.5,
        "pixel_lda": 0.4,
        "mean_histogram": 0.6,
        "mean_lda": 0.5,
        "texture": 0.8,
        "overlap_micronodules": 0.9,
    }
    assert all(check.passed for check in density_checks([good, good]))
    failed = [c.name for c in density_checks([good, {**good, "seed": 1, "pixel_lda": 0.7}]) if not c.passed]
    assert failed == ["HU of a pixel, LDA"]
    assert not Check("", float("nan"), least=0).passed


def test_density_does_not_tell_the_classes_of_a_small_study():
    small = replace(BENCHMARK, size=(192, 160, 10), spacing=(1.8, 1.8, 26.0), thickness=1.25)
    (measured,) = measure_density(small, seeds=[0])
    assert measured["pixel_histogram"] <= 0.65
    assert measured["mean_lda"] <= 0.80
    assert measured["texture"] > measured["mean_lda"]


def test_every_kind_of_emphysema_is_cut_from_a_phantom():
    patches = emphysema_patches([0], per_class=3)
    assert set(patches) == set(REAL_PATCHES)
    assert all(len(own) and own.shape[1:] == (31, 31) for own in patches.values())
    means = {name: own.mean() for name, own in patches.items()}
    assert means["CL3"] < means["CL2"] < means["CL1"]


@pytest.mark.slow
def test_gate():
    result = measure_difficulty()
    assert result["passed"], difficulty_report(result)


@pytest.mark.data
def test_reference_is_what_the_real_patches_measure(real_data):
    file = real_data / "emphysema_patches" / "patches.npz"
    if not file.is_file():
        pytest.skip(f"no {file}")
    with np.load(file) as data:
        samples = {str(name): data["hu"][data["label"] == i] for i, name in enumerate(data["classes"])}
    assert set(samples) == set(REAL_PATCHES)
    for name, patches in samples.items():
        measured, recorded = patch_statistics(patches), REAL_PATCHES[name]
        for field in ("mean", "between", "within"):
            assert getattr(measured, field) == pytest.approx(getattr(recorded, field), abs=0.51), (
                name,
                field,
            )
        for field in ("r1", "r3"):
            assert getattr(measured, field) == pytest.approx(getattr(recorded, field), abs=0.0051), (
                name,
                field,
            )
    for name, recorded in REAL_OVERLAP_WITH_NORMAL.items():
        assert histogram_overlap(samples[name], samples["NT"]) == pytest.approx(recorded, abs=0.0051)
    for name, limit in DENSE_SHARE.items():
        assert np.median(np.mean(samples[name] > -400, axis=(1, 2))) <= limit or name == "PS"
