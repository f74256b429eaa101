"""Slices as a radiologist reads them, whatever way the file has them."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from LungCAD.images.geometry import to_axial
from LungCAD.labels import load_schema
from LungCAD.report.slices import AxialStack, count_affected, count_classes, mean_uncertainty, pick

SPACING = (0.8, 1.1, 4.0)
GAO = load_schema("gao5")


@pytest.fixture
def numbered(image_of) -> sitk.Image:
    """An LPS image in which every voxel has a value of its own."""
    return image_of(np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6), SPACING, (10.0, 20.0, -30.0))


def test_every_orientation_is_read_the_same(numbered, orientation):
    stack = AxialStack(sitk.DICOMOrient(numbered, orientation))
    assert np.array_equal(stack.array, sitk.GetArrayFromImage(numbered))
    assert stack.spacing_mm == (4.0, 1.1, 0.8)
    assert stack.positions_mm == pytest.approx([-30, -26, -22, -18])
    assert stack.numbers == ([1, 2, 3, 4] if "S" in orientation else [4, 3, 2, 1])


def test_stacking_copies_nothing(numbered):
    stack = AxialStack(sitk.DICOMOrient(numbered, "RAI"))
    assert not stack.array.flags.owndata
    assert not stack.array.flags.writeable


def test_the_stack_keeps_its_image_alive(numbered):
    stack = AxialStack(sitk.DICOMOrient(numbered, "PIR"))
    others = [sitk.Image(60, 60, 60, sitk.sitkInt16) + 7 for _ in range(20)]
    assert np.array_equal(stack.array, sitk.GetArrayFromImage(numbered))
    assert len(others) == 20


def test_oblique_positions_are_those_of_the_slice_centres(image_of):
    tilt = np.radians(30)
    direction = [1, 0, 0, 0, np.cos(tilt), -np.sin(tilt), 0, np.sin(tilt), np.cos(tilt)]
    stack = AxialStack(image_of(np.zeros((3, 5, 7), np.int16), (1, 2, 4), direction=direction))
    assert np.diff(stack.positions_mm) == pytest.approx(4 * np.cos(tilt))
    assert stack.positions_mm[0] == pytest.approx(2 * 2 * np.sin(tilt))


def test_counts_against_brute_force(image_of):
    rng = np.random.default_rng(0)
    labels = rng.choice([0, 1, 2, 3, 4, 5, 255], (3, 8, 9)).astype(np.uint8)
    lungs = rng.integers(0, 3, labels.shape).astype(np.uint8)
    stacks = AxialStack(image_of(labels)), AxialStack(image_of(lungs))
    counts = count_classes(*(stack.array for stack in stacks), GAO)
    for z in range(3):
        expected = [np.sum((labels[z] == value) & (lungs[z] > 0)) for value in GAO.values]
        unlabelled = np.sum(np.isin(labels[z], [0, 255]) & (lungs[z] > 0))
        assert counts[z].tolist() == [*expected, unlabelled]
        assert count_affected(counts, GAO)[z] == sum(expected[1:])


def test_uncertainty_ignores_slices_with_hardly_any_lung(image_of):
    lungs = np.zeros((3, 10, 10), np.uint8)
    lungs[0, 0, :2], lungs[1, :5], lungs[2, 5:, :] = 1, 1, 2
    uncertainty = np.full(lungs.shape, 1.0, np.float32)
    uncertainty[0], uncertainty[1][:5], uncertainty[2][5:] = 0.9, 0.25, 0.5
    means = mean_uncertainty(AxialStack(image_of(uncertainty)), AxialStack(image_of(lungs)))
    assert means == pytest.approx([0, 0.25, 0.5])


def test_picked_slices_are_the_best_that_lie_apart():
    scores = np.array([0, 5, 9, 8, 7, 1, 6, 0.0])
    assert pick(scores, 3, gap=2) == [2, 4, 6]
    assert pick(scores, 3, gap=2, taken=[2, 4]) == [6]
    assert pick(scores, 9, gap=0) == [2, 3, 4, 6, 1, 5]
    assert pick(np.array([np.nan, 0.0]), 2, gap=1) == []


def test_the_nearest_axes_are_those_of_the_axial_image(image_of):
    """Also where an image is turned by nearly 45 degrees, and two axes are as near as each other."""
    numbers = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)
    turns = Rotation.random(400, np.random.default_rng(0)).as_matrix()
    steps = np.radians(np.arange(40, 50, 0.5))
    turns = [*turns, *Rotation.from_euler("zx", np.stack([steps, 0.2 + 0 * steps], 1)).as_matrix()]
    for number, turn in enumerate(turns):
        direction = turn @ np.diag([1, 1, (-1) ** number])  # left-handed ones as well
        image = image_of(numbers, SPACING, direction=direction.ravel().tolist())
        axial = to_axial(image)
        np.testing.assert_array_equal(AxialStack(image).array, sitk.GetArrayFromImage(axial))
        assert AxialStack(image).spacing_mm == axial.GetSpacing()[::-1]
