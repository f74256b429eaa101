from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from LungCAD.errors import Cancelled, InputError
from LungCAD.unary import RoiClassifier

SPACING = (6.0, 0.8, 0.8)
SMOOTH, COARSE, DENSE = 2, 5, 9


def made_of(kind, shape, rng):
    if kind == DENSE:
        return rng.normal(-150, 15, shape)
    width = 0.7 if kind == SMOOTH else 2.5
    noise = ndimage.gaussian_filter(rng.normal(size=shape), (0, width, width))
    return -850 + 60 * noise / noise.std()  # the same mean and spread: only texture tells


@pytest.fixture(scope="module")
def scan():
    """Three slices: smooth tissue on the left, coarse on the right, a dense patch that nobody draws."""
    rng = np.random.default_rng(0)
    shape = (3, 120, 160)
    truth = np.zeros(shape, np.uint8)
    truth[:, 10:110, 10:75], truth[:, 10:110, 85:150] = SMOOTH, COARSE
    truth[2, 70:105, 15:50] = DENSE
    hu = np.full(shape, 40.0)
    for kind in (SMOOTH, COARSE, DENSE):
        hu = np.where(truth == kind, made_of(kind, shape, rng), hu)
    rois = np.zeros(shape, np.uint8)
    for y in (20, 60, 90):
        rois[1, y : y + 12, 30:42], rois[1, y : y + 9, 110:119] = SMOOTH, COARSE
    return hu.astype(np.int16), rois, truth


@pytest.fixture(scope="module")
def classifier(scan, texture):
    hu, rois, truth = scan
    return RoiClassifier.fit(hu, rois, truth > 0, texture)


def test_tissue_is_told_by_texture_alone(scan, classifier):
    hu, rois, truth = scan
    probabilities, _ = classifier.predict(hu, truth > 0)
    assert classifier.classes == (SMOOTH, COARSE)
    assert classifier.calibrated
    assert classifier.report["regions"] == {SMOOTH: 3, COARSE: 3}
    labels = np.array(classifier.classes)[probabilities.argmax(0)]
    unseen = (truth == SMOOTH) | (truth == COARSE)
    unseen &= ndimage.distance_transform_edt(rois == 0, sampling=SPACING) > 5
    assert (labels == truth)[unseen].mean() > 0.9


def test_probabilities_sum_to_one_inside_and_to_nothing_outside(scan, classifier):
    hu, _, truth = scan
    probabilities, undecided = classifier.predict(hu, truth > 0)
    assert probabilities.shape == (2, *hu.shape) and probabilities.dtype == np.float32
    assert np.allclose(probabilities.sum(0)[truth > 0], 1, atol=1e-5)
    assert not probabilities[:, truth == 0].any() and not undecided[truth == 0].any()


def test_tissue_unlike_every_region_is_undecided(scan, classifier):
    hu, _, truth = scan
    _, undecided = classifier.predict(hu, truth > 0)
    core = ndimage.binary_erosion(truth == DENSE, np.ones((1, 3, 3)), iterations=9)
    assert (undecided[core] > 0.5).mean() > 0.95
    assert (undecided[truth == SMOOTH] > 0.5).mean() < 0.1
    assert (undecided[truth == COARSE] > 0.5).mean() < 0.1


@pytest.mark.parametrize("stride", [3, 10])
def test_a_coarse_lattice_says_nearly_the_same(scan, classifier, stride):
    hu, _, truth = scan
    dense, _ = classifier.predict(hu, truth > 0)
    coarse, _ = classifier.predict(hu, truth > 0, stride=stride)
    assert np.allclose(coarse.sum(0)[truth > 0], 1, atol=1e-5)
    assert (coarse.argmax(0) == dense.argmax(0))[truth > 0].mean() > (0.97 if stride == 3 else 0.9)


def test_slices_do_not_influence_each_other(scan, classifier):
    hu, _, truth = scan
    whole, _ = classifier.predict(hu, truth > 0)
    alone, _ = classifier.predict(hu[2:], truth[2:] > 0)
    assert np.array_equal(whole[:, 2:], alone)


def test_equal_input_equal_output(scan, classifier, texture):
    hu, rois, truth = scan
    again = RoiClassifier.fit(hu, rois, truth > 0, texture)
    assert again.report == classifier.report
    assert np.array_equal(again.predict(hu, truth > 0)[0], classifier.predict(hu, truth > 0)[0])


def test_area_drawn_is_no_prior(scan, texture):
    hu, rois, truth = scan
    lopsided = rois.copy()
    lopsided[1, 55:110, 12:44] = SMOOTH
    probabilities, _ = RoiClassifier.fit(hu, lopsided, truth > 0, texture).predict(hu, truth > 0)
    share = (probabilities.argmax(0) == 0)[0][truth[0] > 0].mean()
    assert share == pytest.approx(0.5, abs=0.05)


def test_given_priors_shift_the_doubtful(scan, classifier):
    hu, _, truth = scan
    even, _ = classifier.predict(hu, truth > 0)
    coarse, _ = classifier.predict(hu, truth > 0, priors={SMOOTH: 0.01, COARSE: 0.99})
    inside = truth > 0
    doubtful = inside & (even.min(0) > 1e-5) & (coarse.min(0) > 1e-5)
    even, coarse = even[:, doubtful], coarse[:, doubtful]
    assert doubtful.any()
    assert np.allclose(np.log(coarse[1] / coarse[0]) - np.log(even[1] / even[0]), np.log(99), atol=0.05)
    with pytest.raises(ValueError, match="priors"):
        classifier.predict(hu, inside, priors={SMOOTH: 1.0})


def test_one_region_per_class_works_and_is_uncalibrated(scan, texture):
    hu, rois, truth = scan
    few = rois.copy()
    few[:, 40:] = 0
    classifier = RoiClassifier.fit(hu, few, truth > 0, texture)
    assert not classifier.calibrated
    assert classifier.report["calibrated"] is False and classifier.report["left_out_accuracy"] is None
    probabilities, _ = classifier.predict(hu, truth > 0)
    known = (truth == SMOOTH) | (truth == COARSE)
    assert (np.array(classifier.classes)[probabilities.argmax(0)] == truth)[known].mean() > 0.7


def test_drawing_outside_the_lung_mask_still_counts(scan, texture):
    hu, rois, truth = scan
    lung = truth > 0
    lung[:, :35] = False
    assert RoiClassifier.fit(hu, rois, lung, texture).report["regions"] == {SMOOTH: 3, COARSE: 3}


def test_only_slices_with_drawings_are_described_for_training(scan, texture):
    hu, rois, truth = scan
    seen = []
    counting = replace(texture, network=lambda images: seen.append(1) or texture.network(images))
    RoiClassifier.fit(hu, rois, truth > 0, counting)
    assert len(seen) == 1


@pytest.mark.parametrize("value", [None, SMOOTH])
def test_fewer_than_two_classes_are_refused(scan, value, texture):
    hu, rois, truth = scan
    drawn = np.where(rois == value, rois, 0) if value else np.zeros_like(rois)
    with pytest.raises(InputError, match="at least two classes"):
        RoiClassifier.fit(hu, drawn, truth > 0, texture)


def test_shapes_must_agree(scan, classifier, texture):
    hu, rois, truth = scan
    with pytest.raises(ValueError, match="rois"):
        RoiClassifier.fit(hu, rois[:2], truth > 0, texture)
    with pytest.raises(ValueError, match="mask"):
        classifier.predict(hu, truth[:2] > 0)
    with pytest.raises(ValueError, match="stride"):
        classifier.predict(hu, truth > 0, stride=0)


def test_cancelling_stops_both(scan, classifier, texture):
    hu, rois, truth = scan

    def stop(fraction, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        RoiClassifier.fit(hu, rois, truth > 0, texture, progress=stop)
    with pytest.raises(Cancelled):
        classifier.predict(hu, truth > 0, progress=stop)


def test_an_empty_mask_predicts_nothing(scan, classifier):
    hu, _, truth = scan
    probabilities, undecided = classifier.predict(hu, np.zeros_like(truth))
    assert not probabilities.any() and not undecided.any()


def test_what_was_kept_predicts_the_same(scan, classifier):
    hu, _, truth = scan
    for stride in (1, 3):
        kept = {}
        expected = classifier.predict(hu, truth > 0, stride, keep=kept)
        found = classifier.predict_again(kept, hu.shape)
        for one, other in zip(found, expected, strict=True):
            assert not one[..., truth == 0].any()
            assert np.abs(one - other)[..., truth > 0].mean() < 0.01
        assert (found[0].argmax(0) == expected[0].argmax(0))[truth > 0].mean() > 0.98


def test_a_corrected_region_teaches_its_class_everywhere(scan, classifier):
    hu, rois, truth = scan
    kept, corrections = {}, np.zeros_like(rois)
    before, undecided = classifier.predict(hu, truth > 0, keep=kept)
    corrections[2, 80:92, 25:37] = DENSE  # a class that nobody drew
    corrections[0, 0, 0] = DENSE  # outside of what was described
    taught = classifier.corrected(corrections, kept)
    assert taught.classes == (SMOOTH, COARSE, DENSE)
    assert taught.report["regions"][DENSE] == 1
    probabilities, undecided = taught.predict_again(kept, hu.shape)
    core = ndimage.binary_erosion(truth == DENSE, np.ones((1, 3, 3)), iterations=9)
    assert (probabilities.argmax(0)[core] == 2).mean() > 0.95
    assert (undecided[core] > 0.5).mean() < 0.1
    assert classifier.classes == (SMOOTH, COARSE), "the first one stays as it is"
    unchanged = classifier.corrected(np.zeros_like(rois), kept).predict(hu, truth > 0)[0]
    assert np.array_equal(unchanged, before)


@pytest.mark.parametrize("stride", [1, 4])
@pytest.mark.parametrize("sliver", [np.s_[0, 50:51, 20:60], np.s_[0, 20:60, 50:51], np.s_[0, 50:51, 50:51]])
def test_a_slice_with_one_row_or_pixel_of_lung_is_predicted_as_well(scan, classifier, sliver, stride):
    hu, _, truth = scan
    mask = truth > 0
    mask[0] = False
    mask[sliver] = True
    kept = {}
    probabilities, undecided = classifier.predict(hu, mask, stride, keep=kept)
    np.testing.assert_allclose(probabilities.sum(0)[mask], 1, rtol=1e-5)
    assert np.isfinite(undecided).all() and not probabilities[:, ~mask].any()
    again, _ = classifier.predict_again(kept, hu.shape)
    np.testing.assert_allclose(again.sum(0)[mask], 1, rtol=1e-5)


def test_lattices_that_miss_a_sliver_keep_it_whole(classifier, texture):
    from LungCAD.unary import DescribedSlice

    inside = np.zeros((9, 9), bool)
    inside[3, 3:8] = True  # no pixel of it has even coordinates
    description = np.random.default_rng(0).random((4, 9, 9), dtype=np.float32)
    whole = (slice(0, 9), slice(0, 9))
    for stride in (1, 2, 5):
        kept = DescribedSlice.of(description, whole, inside, stride).thinned()
        assert np.allclose(kept.features_of(inside), description[:, inside].T, atol=1e-3)
        assert kept.spread(np.ones((len(kept.features), 2))).shape == (5, 2)
