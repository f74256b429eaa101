from __future__ import annotations

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from LungCAD.unary import discriminant
from LungCAD.unary.calibration import calibrate
from LungCAD.unary.discriminant import Moments, fit_discriminant, log_posteriors

CENTRES = np.array([[0.0, 0, 0], [2.0, 0, 1], [0.0, 3, -1]])


def drawn(rng, regions_per_class=4, pixels=200, between=0.5):
    classes = np.repeat(np.arange(3), regions_per_class)
    offsets = rng.normal(scale=between, size=(len(classes), 3))
    return [
        rng.normal(size=(pixels, 3)) + CENTRES[c] + o for c, o in zip(classes, offsets, strict=True)
    ], classes


def test_equals_linear_discriminant_analysis_when_regions_are_alike(monkeypatch):
    monkeypatch.setattr(discriminant, "SHRINKAGE", 0.0)
    monkeypatch.setattr(discriminant, "BETWEEN_REGIONS", 0.0)
    rng = np.random.default_rng(0)
    pixels, classes = drawn(rng, regions_per_class=1, between=0.0)
    reference = LinearDiscriminantAnalysis(solver="lsqr", priors=[1 / 3] * 3)
    reference.fit(np.concatenate(pixels), np.repeat(classes, [len(p) for p in pixels]))
    fitted = fit_discriminant([Moments.of(p) for p in pixels], classes)
    new = rng.normal(size=(50, 3)) * 3
    ours = np.exp(log_posteriors(fitted.squared_distances(new), 1.0))
    assert np.allclose(ours, reference.predict_proba(new), atol=1e-4)


def test_area_drawn_of_a_class_does_not_matter():
    rng = np.random.default_rng(1)
    pixels, classes = drawn(rng)
    grown = [np.tile(p, (1 + 7 * (c == 1), 1)) for p, c in zip(pixels, classes, strict=True)]
    new = rng.normal(size=(20, 3))
    a, b = (
        fit_discriminant([Moments.of(p) for p in ps], classes).squared_distances(new)
        for ps in (pixels, grown)
    )
    assert np.allclose(a, b, rtol=1e-4)


def test_slivers_hardly_count():
    rng = np.random.default_rng(8)
    pixels, classes = drawn(rng)
    slivers = [*pixels, *(p[:2] + 50 for p in pixels)]
    whole = fit_discriminant([Moments.of(p) for p in pixels], classes)
    mixed = fit_discriminant([Moments.of(p) for p in slivers], np.tile(classes, 2))
    moved = np.linalg.norm(mixed.centre - whole.centre)
    assert moved < 0.05 * np.linalg.norm([50, 50, 50])


def test_units_of_the_features_do_not_matter():
    rng = np.random.default_rng(2)
    pixels, classes = drawn(rng)
    units, new = np.array([1e3, 1e-2, 5.0]), rng.normal(size=(20, 3))
    a = fit_discriminant([Moments.of(p) for p in pixels], classes).squared_distances(new)
    b = fit_discriminant([Moments.of(p * units) for p in pixels], classes).squared_distances(new * units)
    assert np.allclose(a, b, rtol=1e-2, atol=1e-2)


def test_a_feature_that_never_varies_is_harmless():
    rng = np.random.default_rng(3)
    pixels, classes = drawn(rng)
    fitted = fit_discriminant([Moments.of(np.c_[p, np.zeros(len(p))]) for p in pixels], classes)
    assert np.isfinite(fitted.squared_distances(np.c_[pixels[0], np.zeros(len(pixels[0]))])).all()


def test_calibration_flattens_probabilities_where_regions_differ():
    rng = np.random.default_rng(4)

    def left_out_temperature(between):
        pixels, classes = drawn(rng, regions_per_class=6, between=between)
        return calibrate(pixels, [Moments.of(p) for p in pixels], classes)

    alike, unlike = left_out_temperature(0.05), left_out_temperature(2.5)
    assert alike.complete and unlike.complete
    assert alike.accuracy > unlike.accuracy
    assert unlike.temperature > 1.5 * alike.temperature


def test_calibrated_probabilities_hold_on_new_regions():
    rng = np.random.default_rng(5)
    predicted, happened = [], []
    for _ in range(10):
        pixels, classes = drawn(rng, regions_per_class=3, between=1.0)
        new, truth = drawn(rng, regions_per_class=3, between=1.0)
        moments = [Moments.of(p) for p in pixels]
        calibration, fitted = calibrate(pixels, moments, classes), fit_discriminant(moments, classes)
        for p, c in zip(new, truth, strict=True):
            logs = log_posteriors(fitted.squared_distances(p), calibration.temperature)
            predicted.append(np.exp(logs.max(1)).mean())
            happened.append((logs.argmax(1) == c).mean())
    assert np.mean(predicted) == pytest.approx(np.mean(happened), abs=0.08)


def test_one_region_per_class_is_uncalibrated():
    rng = np.random.default_rng(6)
    pixels, classes = drawn(rng, regions_per_class=1)
    calibration = calibrate(pixels, [Moments.of(p) for p in pixels], classes)
    assert not calibration.complete
    assert calibration.accuracy is None and calibration.log_loss is None


def test_one_class_drawn_once_is_enough_to_be_uncalibrated():
    rng = np.random.default_rng(7)
    pixels, classes = drawn(rng, regions_per_class=2)
    calibration = calibrate(pixels[:-1], [Moments.of(p) for p in pixels[:-1]], classes[:-1])
    assert not calibration.complete
    assert calibration.accuracy is not None
