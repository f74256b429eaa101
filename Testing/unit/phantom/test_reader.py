"""What the simulated reader draws obeys its rules on any label map."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.spatial.distance import pdist

from LungCAD.phantom.reader import _fewest_slices, draw_rois, fraction_rois

EIGHT_NEIGHBOURS, ANY_NEIGHBOUR = np.ones((3, 3)), np.ones((3, 3, 3))


def random_labels(seed: int, slices: int = 10, side: int = 96, classes: int = 5, grain: float = 6.0):
    """Lesions of random shape in two elliptic lungs: label map and lungs as images, the truth as array."""
    rng = np.random.default_rng(seed)
    shape = (slices, side, side)
    fields = [ndimage.gaussian_filter(rng.standard_normal(shape), (1, grain, grain)) for _ in range(classes)]
    y, x = (np.mgrid[:side, :side] + 0.5) / side
    lungs = np.zeros(shape, np.uint8)
    for value, centre in ((1, 0.27), (2, 0.73)):
        lungs[:, ((y - 0.5) / 0.45) ** 2 + ((x - centre) / 0.22) ** 2 < 1] = value
    truth = np.where(lungs > 0, np.argmax(fields, 0) + 1, 0).astype(np.uint8)
    images = sitk.GetImageFromArray(truth), sitk.GetImageFromArray(lungs)
    for image in images:
        image.SetSpacing((0.7, 0.7, 5.0))
        image.SetOrigin((-30, 4, 100))
    return *images, truth


def blobs(drawn: np.ndarray):
    """Every connected drawing: (class, slice, mask within the slice)."""
    for value in np.unique(drawn[drawn > 0]):
        for z in np.flatnonzero((drawn == value).any((1, 2))):
            numbered, count = ndimage.label(drawn[z] == value, EIGHT_NEIGHBOURS)
            yield from ((int(value), z, numbered == k) for k in range(1, count + 1))


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10**6), grain=st.floats(3, 12), slices=st.integers(1, 25), classes=st.integers(1, 6)
)
def test_rules_of_the_reader(seed, grain, slices, classes):
    labels, lungs, truth = random_labels(seed, slices, classes=classes, grain=grain)
    drawn = sitk.GetArrayFromImage(draw_rois(labels, lungs, seed))

    assert np.array_equal(drawn[drawn > 0], truth[drawn > 0])
    assert np.count_nonzero(drawn) <= 0.02 * np.count_nonzero(truth)
    assert np.count_nonzero(drawn.any((1, 2))) <= max(1, 0.10 * slices)
    count = np.zeros(classes + 1, int)
    for value, _, mask in blobs(drawn):
        count[value] += 1
        assert 8 <= pdist(np.argwhere(mask)).max() + 1 <= 20
        assert mask.sum() >= 0.5 * np.pi * 16
    assert count.max() <= 3


@pytest.mark.parametrize("seed", range(6))
def test_some_lesion_of_every_class_stays_untouched(seed):
    labels, lungs, truth = random_labels(seed, slices=12, side=128, grain=9)
    drawn = sitk.GetArrayFromImage(draw_rois(labels, lungs, seed, slice_fraction=1))
    assert set(np.unique(drawn)) == {0, 1, 2, 3, 4, 5}
    for value in range(1, 6):
        lesions, count = ndimage.label(truth == value, ANY_NEIGHBOUR)
        assert count == 1 or len(np.unique(lesions[drawn == value])) < count


def test_of_two_lesions_only_one_is_drawn():
    truth = np.zeros((1, 60, 120), np.uint8)
    truth[0, 5:55, 5:55] = 1
    truth[0, 5:55, 65:115] = 1
    labels = sitk.GetImageFromArray(truth)
    for seed in range(10):
        drawn = sitk.GetArrayFromImage(draw_rois(labels, labels, seed, max_lung_fraction=0.5))
        assert drawn[..., :60].any() != drawn[..., 60:].any()


def test_fewest_slices_that_show_all_classes():
    shown = np.zeros((6, 1, 4), np.uint8)
    for z, classes in enumerate([(1, 2), (3,), (1, 2, 3), (3, 4), (4, 1), ()]):
        shown[z, 0, : len(classes)] = classes
    rng = np.random.default_rng(0)
    found = {frozenset(_fewest_slices(shown, 5, rng)) for _ in range(40)}
    assert found == {frozenset({2, 3}), frozenset({2, 4})}
    assert {frozenset(_fewest_slices(shown, 1, rng)) for _ in range(20)} == {frozenset({2})}


def test_same_seed_same_drawing_and_another_seed_another():
    labels, lungs, _ = random_labels(3)
    first, again, other = (sitk.GetArrayFromImage(draw_rois(labels, lungs, s)) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_rois_keep_the_grid():
    labels, lungs, _ = random_labels(3)
    for rois in (draw_rois(labels, lungs, 0), fraction_rois(labels, lungs, 0.3, 0)):
        assert rois.GetPixelID() == sitk.sitkUInt8
        assert rois.GetSpacing() == labels.GetSpacing()
        assert rois.GetOrigin() == labels.GetOrigin()
        assert rois.GetDirection() == labels.GetDirection()


def test_nothing_is_drawn_where_nothing_has_room():
    labels = sitk.GetImageFromArray(np.tile(np.array([[[1, 2]]], np.uint8), (2, 40, 20)))
    assert not sitk.GetArrayFromImage(draw_rois(labels, labels, 0)).any()


def test_truth_outside_the_lungs_is_not_drawn():
    labels, lungs, _ = random_labels(5)
    half = sitk.GetArrayFromImage(lungs) * (sitk.GetArrayFromImage(lungs) == 1)
    right = sitk.GetImageFromArray(half)
    right.CopyInformation(lungs)
    for rois in (draw_rois(labels, right, 0), fraction_rois(labels, right, 0.5, 0)):
        assert not (sitk.GetArrayFromImage(rois)[half == 0]).any()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), fraction=st.floats(0, 1))
def test_fraction_is_exact_and_true(seed, fraction):
    labels, lungs, truth = random_labels(seed, slices=3, side=48)
    drawn = sitk.GetArrayFromImage(fraction_rois(labels, lungs, fraction, seed))
    assert abs(np.count_nonzero(drawn) - fraction * np.count_nonzero(truth)) <= 0.5 + 1e-6
    assert np.array_equal(drawn[drawn > 0], truth[drawn > 0])


def test_patches_of_the_finest_grain_are_as_wide_as_drawn_blobs():
    labels, lungs, _ = random_labels(1, slices=20, side=160, classes=1)
    drawn = sitk.GetArrayFromImage(fraction_rois(labels, lungs, 0.11, 0))
    areas = np.array([mask.sum() for *_, mask in blobs(drawn)])
    typical = np.sqrt(4 / np.pi * np.median(np.repeat(areas, areas)))
    assert 8 <= typical <= 20


def test_grids_must_agree():
    labels, _, _ = random_labels(0)
    with pytest.raises(ValueError, match="labels and lungs"):
        draw_rois(labels, labels[:, :, :3], 0)
