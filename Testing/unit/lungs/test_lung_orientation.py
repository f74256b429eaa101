"""The same lungs come out however the voxels are stored."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.lungs import lung_zones, segment_lungs


@pytest.fixture(scope="module")
def small(builder):
    return builder(spacing=(3.5, 3.8, 6.0)).build()


@pytest.fixture(scope="module")
def expected(small):
    return segment_lungs(small.ct)


def at_points_of(image, other):
    """`image` sampled, nearest neighbour, on the grid of `other`."""
    return sitk.GetArrayFromImage(sitk.Resample(image, other, sitk.Transform(), sitk.sitkNearestNeighbor))


@pytest.mark.parametrize("order", list(itertools.permutations(range(3)))[1:], ids=str)
def test_permuted_and_flipped_volumes(small, expected, order):
    flips = [axis % 2 == 0 for axis in order]
    stored = sitk.Flip(sitk.PermuteAxes(small.ct, order), flips)
    found = segment_lungs(stored)
    assert found.GetSize() == stored.GetSize()
    assert found.GetDirection() == stored.GetDirection()
    assert found.GetOrigin() == stored.GetOrigin()
    np.testing.assert_array_equal(at_points_of(found, expected), sitk.GetArrayFromImage(expected))


def test_left_handed_volume_has_its_sides_from_the_direction_matrix(small, expected):
    mirrored = sitk.Image(small.ct)
    mirrored.SetDirection((-1, 0, 0, 0, 1, 0, 0, 0, 1))
    found, straight = sitk.GetArrayFromImage(segment_lungs(mirrored)), sitk.GetArrayFromImage(expected)
    both = (found > 0) & (straight > 0)
    assert both.sum() > 0.97 * (straight > 0).sum()
    assert (found[both] == 3 - straight[both]).mean() > 0.999


def test_oblique_volume(small, expected):
    turn = sitk.Euler3DTransform((0, 0, 0), 0.2, -0.15, 0.3)
    oblique = sitk.Image(small.ct)
    oblique.SetDirection(turn.GetMatrix())
    oblique.SetOrigin(turn.TransformPoint(small.ct.GetOrigin()))
    found = segment_lungs(oblique)
    assert found.GetDirection() == oblique.GetDirection()
    np.testing.assert_array_equal(sitk.GetArrayFromImage(found), sitk.GetArrayFromImage(expected))


def test_zones_are_thirds_of_each_lung_from_the_top():
    labels = np.zeros((9, 4, 6), np.uint8)
    labels[:, 1:3, :2] = 1
    labels[3:, 1:3, 4:] = 2
    image = sitk.GetImageFromArray(labels)
    zones = sitk.GetArrayFromImage(lung_zones(image))
    assert zones[8, 1, 0] == zones[6, 1, 0] == 1
    assert zones[5, 1, 0] == 2
    assert zones[0, 1, 0] == 3
    assert [zones[z, 1, 5] for z in (8, 6, 4)] == [4, 5, 6]
    assert ((zones > 0) == (labels > 0)).all()


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)], ids=str)
def test_zones_follow_the_patient_not_the_array(expected, order):
    turned = sitk.Flip(sitk.PermuteAxes(expected, order), [False, True, True])
    zones = at_points_of(lung_zones(turned), expected)
    np.testing.assert_array_equal(zones, sitk.GetArrayFromImage(lung_zones(expected)))


def test_zones_of_one_lung():
    labels = np.zeros((3, 4, 6), np.uint8)
    labels[:, 1, 1] = 2
    zones = sitk.GetArrayFromImage(lung_zones(sitk.GetImageFromArray(labels)))
    assert zones[:, 1, 1].tolist() == [6, 5, 4] and np.count_nonzero(zones) == 3


@pytest.mark.parametrize("slices", [1, 4])
@pytest.mark.parametrize("tilt", [0.0, 0.3])
def test_a_lung_on_one_slice_has_no_zones(slices, tilt):
    """Nobody can tell whether it is the upper or the lower third; nor is the slope of a tilted slice that."""
    labels = np.zeros((slices, 4, 6), np.uint8)
    labels[0, 1:3] = 1
    image = sitk.GetImageFromArray(labels)
    image.SetDirection((1, 0, 0, 0, np.cos(tilt), -np.sin(tilt), 0, np.sin(tilt), np.cos(tilt)))
    assert not sitk.GetArrayFromImage(lung_zones(image)).any()
