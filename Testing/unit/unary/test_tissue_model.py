from __future__ import annotations

import numpy as np
import pytest

from LungCAD.unary.calibration import KNOWN_RADIUS, calibrate
from LungCAD.unary.discriminant import Moments, fit_discriminant, log_posteriors
from LungCAD.unary.tissue_model import FILTER_WEIGHT, TissueModel

CENTRES = np.array([[0.0, 0, 0], [2.0, 0, 1], [0.0, 3, -1]])


def drawn(rng, regions_per_class=4, pixels=200, between=0.5):
    classes = np.repeat(np.arange(3), regions_per_class)
    offsets = rng.normal(scale=between, size=(len(classes), 3))
    return [
        rng.normal(size=(pixels, 3)) + CENTRES[c] + o for c, o in zip(classes, offsets, strict=True)
    ], classes


def test_distances_are_those_to_prototypes_and_of_the_discriminant():
    rng = np.random.default_rng(0)
    pixels, classes = drawn(rng)
    new = rng.normal(size=(30, 3))
    model = TissueModel.fit([Moments.of(p) for p in pixels], classes, 2)
    prototypes = np.stack([np.mean([p.mean(0) for p in pixels[4 * c : 4 * c + 4]], 0)[:2] for c in range(3)])
    learned = ((new[:, None, :2] - prototypes) ** 2).sum(-1)
    filters = fit_discriminant([Moments.of(p[:, 2:]) for p in pixels], classes)
    assert np.allclose(model.learned_squares(new), learned, atol=1e-4)
    expected = learned + FILTER_WEIGHT * filters.squared_distances(new[:, 2:])
    assert np.allclose(model.squared_distances(new), expected, atol=1e-4)


def test_regions_that_reach_far_widen_what_is_known():
    rng = np.random.default_rng(1)
    near, far = (
        calibrate(p, [Moments.of(q) for q in p], c, 2) for p, c in (drawn(rng, between=b) for b in (0.1, 4))
    )
    assert KNOWN_RADIUS <= near.novelty_limit < 3.5 < far.novelty_limit


def test_calibration_flattens_probabilities_where_regions_differ():
    rng = np.random.default_rng(4)

    def left_out_temperature(between):
        pixels, classes = drawn(rng, regions_per_class=6, between=between)
        return calibrate(pixels, [Moments.of(p) for p in pixels], classes, 2)

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
        calibration, fitted = calibrate(pixels, moments, classes, 2), TissueModel.fit(moments, classes, 2)
        for p, c in zip(new, truth, strict=True):
            logs = log_posteriors(fitted.squared_distances(p), calibration.temperature)
            predicted.append(np.exp(logs.max(1)).mean())
            happened.append((logs.argmax(1) == c).mean())
    assert np.mean(predicted) == pytest.approx(np.mean(happened), abs=0.08)


def test_one_region_per_class_is_uncalibrated():
    rng = np.random.default_rng(6)
    pixels, classes = drawn(rng, regions_per_class=1)
    calibration = calibrate(pixels, [Moments.of(p) for p in pixels], classes, 2)
    assert not calibration.complete
    assert calibration.accuracy is None and calibration.log_loss is None


def test_one_class_drawn_once_is_enough_to_be_uncalibrated():
    rng = np.random.default_rng(7)
    pixels, classes = drawn(rng, regions_per_class=2)
    calibration = calibrate(pixels[:-1], [Moments.of(p) for p in pixels[:-1]], classes[:-1], 2)
    assert not calibration.complete
    assert calibration.accuracy is not None
