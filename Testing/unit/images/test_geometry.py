"""Geometry for any direction matrix, held against SimpleITK's own transforms and brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.images import (
    affine,
    axial_axis,
    from_axial,
    image_like,
    physical_points,
    place_on_grid,
    same_geometry,
    spacing_zyx,
    tilt_degrees,
    to_axial,
)


def positions_of_values(image: sitk.Image) -> dict[int, tuple[float, ...]]:
    """Where each voxel lies, keyed by its value, as SimpleITK has it."""
    return {
        int(image[index]): image.TransformIndexToPhysicalPoint(index)
        for index in itertools.product(*map(range, image.GetSize()))
    }


def numbered(image: sitk.Image) -> sitk.Image:
    return image_like(
        np.arange(image.GetNumberOfPixels(), dtype=np.int32).reshape(image.GetSize()[::-1]), image
    )


def test_affine_and_points_agree_with_simpleitk(make_ct, direction):
    image = make_ct(direction=direction)
    for index in [(0, 0, 0), (3, 5, 2), (8, 7, 6)]:
        expected = image.TransformIndexToPhysicalPoint(index)
        assert np.allclose((affine(image) @ [*index, 1])[:3], expected, atol=1e-9)
        assert np.allclose(physical_points(image, index[::-1]), [expected], atol=1e-9)


def test_points_between_voxels(make_ct):
    image = make_ct()
    middle = physical_points(image, [[0.5, 0, 0]])[0]
    ends = physical_points(image, [[0, 0, 0], [1, 0, 0]])
    assert np.allclose(middle, ends.mean(axis=0))


def test_spacing_in_array_order(make_ct):
    assert spacing_zyx(make_ct(spacing=(1.0, 2.0, 3.0))) == (3.0, 2.0, 1.0)


def test_axial_axis(make_ct, direction):
    image = make_ct(direction=direction)
    steps = np.diff(physical_points(image, [[0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]]), axis=0)
    steps = physical_points(image, np.eye(3)[::-1]) - physical_points(image, [[0, 0, 0]])
    along_patient = np.abs(steps[:, 2]) / np.linalg.norm(steps, axis=1)
    assert axial_axis(image) == int(np.argmax(along_patient))


def test_axial_axis_of_one_slice():
    """A frontal film: its rows run down the patient, and are no slices."""
    film = sitk.Image(40, 50, 1, sitk.sitkUInt8)
    film.SetDirection((1, 0, 0, 0, 0, 1, 0, -1, 0))
    assert axial_axis(film) == 2


@pytest.mark.parametrize("size", [(9, 8, 7), (9, 8, 1)])
def test_to_axial_moves_no_voxel_and_is_undone(make_ct, direction, size):
    image = numbered(make_ct(size=size, direction=direction))
    axial = to_axial(image)
    places = positions_of_values(axial)
    for value, place in positions_of_values(image).items():
        assert np.allclose(places[value], place, atol=1e-9)
    diagonal = np.diag(np.reshape(axial.GetDirection(), (3, 3)))
    assert np.all(diagonal > 0.5)
    back = from_axial(axial, image)
    assert same_geometry(back, image)
    assert np.array_equal(sitk.GetArrayFromImage(back), sitk.GetArrayFromImage(image))


def test_to_axial_keeps_vectors(make_ct, direction):
    image = make_ct(direction=direction)
    pair = sitk.Compose(image, image + 1)
    back = from_axial(to_axial(pair), image)
    assert np.array_equal(sitk.GetArrayFromImage(back), sitk.GetArrayFromImage(pair))


def test_from_axial_refuses_another_grid(make_ct, direction):
    image = make_ct(direction=direction)
    with pytest.raises(ValueError, match="does not lie on the grid"):
        from_axial(to_axial(image)[1:, :, :], image)


def test_same_geometry_sees_every_difference(make_ct):
    image = make_ct()
    assert same_geometry(image, make_ct())
    assert not same_geometry(image, make_ct(size=(9, 8, 6)))
    assert not same_geometry(image, make_ct(spacing=(0.7, 0.8, 5.01)))
    assert not same_geometry(image, make_ct(direction=np.diag([1.0, -1.0, -1.0])))
    moved = make_ct()
    moved.SetOrigin(np.add(moved.GetOrigin(), (0, 0.01, 0)))
    assert not same_geometry(image, moved)
    assert same_geometry(image, moved, tolerance_mm=0.02)


def test_same_geometry_sees_the_spacing_of_a_single_slice(make_ct):
    assert not same_geometry(make_ct(size=(9, 8, 1)), make_ct(size=(9, 8, 1), spacing=(0.7, 0.8, 2.0)))


def test_tilt(make_ct):
    assert tilt_degrees(make_ct(direction=np.diag([1.0, 1.0, -1.0]))) == 0
    turned = np.array([[1, 0, 0], [0, np.cos(0.2), -np.sin(0.2)], [0, np.sin(0.2), np.cos(0.2)]])
    assert tilt_degrees(make_ct(direction=turned)) == pytest.approx(np.degrees(0.2))


def test_place_on_grid_puts_parts_back(make_ct, direction):
    image = numbered(make_ct(direction=direction)) + 1
    part = image[2:6, 1:5, 3:7]
    placed = place_on_grid(part, image)
    assert same_geometry(placed, image)
    expected = np.zeros((7, 8, 9), dtype=np.int32)
    expected[3:7, 1:5, 2:6] = sitk.GetArrayFromImage(image)[3:7, 1:5, 2:6]
    assert np.array_equal(sitk.GetArrayFromImage(placed), expected)


def test_place_on_grid_undoes_swaps_and_flips(make_ct, direction):
    image = numbered(make_ct(direction=direction)) + 1
    other = sitk.Flip(sitk.PermuteAxes(image, [2, 0, 1]), [True, False, True])
    placed = place_on_grid(other, image)
    assert np.array_equal(sitk.GetArrayFromImage(placed), sitk.GetArrayFromImage(image))


def test_place_on_grid_may_reach_beyond_with_nothing(make_ct):
    image = numbered(make_ct()) + 1
    larger = sitk.ConstantPad(image, (2, 3, 1), (1, 0, 4), 0.0)
    assert np.array_equal(sitk.GetArrayFromImage(place_on_grid(larger, image)), sitk.GetArrayFromImage(image))
    with pytest.raises(ValueError, match="reaches beyond"):
        place_on_grid(sitk.ConstantPad(image, (2, 3, 1), (1, 0, 4), 1.0), image)


@pytest.mark.parametrize("by", [0.1, 0.5])
def test_place_on_grid_refuses_what_lies_between(make_ct, by):
    image = make_ct()
    moved = sitk.Image(image)
    moved.SetOrigin(image.TransformContinuousIndexToPhysicalPoint((by, 0.0, 0.0)))
    with pytest.raises(ValueError, match="do not lie on"):
        place_on_grid(moved, image)


def test_place_on_grid_refuses_other_spacing_and_turns(make_ct):
    image = make_ct()
    with pytest.raises(ValueError, match="do not lie on"):
        place_on_grid(make_ct(spacing=(0.7, 0.8, 2.5)), image)
    turned = np.array([[np.cos(0.01), -np.sin(0.01), 0], [np.sin(0.01), np.cos(0.01), 0], [0, 0, 1]])
    with pytest.raises(ValueError, match="do not lie on"):
        place_on_grid(make_ct(direction=turned), image)
