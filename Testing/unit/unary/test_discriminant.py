from __future__ import annotations

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from LungCAD.unary import discriminant
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


def test_single_pixels_are_told_apart_by_what_is_nearest():
    pixels, classes = list(CENTRES[:, None]), np.arange(3)
    for regions, of in ((pixels, classes), (pixels * 2, np.tile(classes, 2))):
        fitted = fit_discriminant([Moments.of(p) for p in regions], of)
        assert np.array_equal(fitted.squared_distances(CENTRES + 0.1).argmin(1), classes)


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
