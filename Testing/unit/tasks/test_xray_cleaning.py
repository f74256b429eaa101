"""From probabilities to two lungs, and what is suspicious of them."""

import numpy as np
import pytest
import SimpleITK as sitk
from skimage.draw import ellipse

from LungCAD.images.square import Square
from LungCAD.tasks.xray_cleaning import clean, two_lungs
from LungCAD.tasks.xray_lungs import read_out
from LungCAD.tasks.xray_quality import Flag, expected_dice, quality_flags

SIDE = 128


def lung(row, column, height=70, width=34, level=0.9):
    map_ = np.zeros((SIDE, SIDE), np.float32)
    map_[ellipse(row, column, height / 2, width / 2, shape=map_.shape)] = level
    return map_


@pytest.fixture
def chest():
    return lung(60, 38) + lung(62, 90)


def test_a_chest_has_its_right_lung_on_the_left(chest):
    labels = two_lungs(clean(chest) > 0.5).labels
    assert labels[60, 38] == 1 and labels[62, 90] == 2 and labels[60, 64] == 0
    mirrored = two_lungs(clean(chest) > 0.5, mirrored=True).labels
    assert mirrored[60, 38] == 2 and mirrored[62, 90] == 1


def test_holes_are_filled_and_crumbs_taken_away(chest):
    chest[55:60, 36:40] = 0.1
    chest[110:114, 60:64] = 0.9
    cleaned = clean(chest)
    assert cleaned[57, 38] > 0.5 and cleaned[112, 62] <= 0.5


def test_a_third_large_piece_goes(chest):
    cleaned = clean(chest + lung(20, 64, 20, 20))
    assert cleaned[20, 64] == 0 and cleaned[60, 38] > 0.5 and cleaned[62, 90] > 0.5


def test_probabilities_below_one_half_stay_as_they_are(chest):
    chest[5:9, 60:70] = 0.3
    assert clean(chest)[6, 65] == pytest.approx(0.3)


def test_touching_lungs_are_parted_at_the_thinnest_place(chest):
    chest[58:62, 38:90] = 0.9
    labels = two_lungs(clean(chest) > 0.5).labels
    assert labels[60, 30] == 1 and labels[62, 98] == 2
    assert abs(np.count_nonzero(labels == 1) - np.count_nonzero(labels == 2)) < 200


@pytest.mark.parametrize(("column", "side"), [(30, 1), (95, 2)])
def test_one_lung_is_named_by_its_side(column, side):
    assert set(np.unique(two_lungs(lung(60, column) > 0.5).labels)) == {0, side}


def test_nothing_stays_nothing():
    nothing = np.zeros((SIDE, SIDE), np.float32)
    assert not clean(nothing).any()
    sides = two_lungs(nothing > 0.5)
    assert not sides.labels.any() and not sides.nearest.any()


def test_every_pixel_has_a_nearest_lung(chest):
    nearest = two_lungs(chest > 0.5).nearest
    assert (nearest[:, :20] == 1).all() and (nearest[:, -20:] == 2).all()


def flags(map_, confidence=0.99):
    square = Square((SIDE, SIDE), SIDE)
    return set(quality_flags(two_lungs(map_ > 0.5).labels, square, confidence))


def test_a_good_film_has_no_flag(chest):
    assert flags(chest) == set()


def test_each_flag(chest):
    assert flags(np.zeros_like(chest)) == {Flag.NO_LUNG}
    assert Flag.ONE_LUNG in flags(lung(60, 38))
    assert Flag.CUT_OFF in flags(lung(60, 12) + lung(62, 90))
    assert Flag.NOT_FRONTAL in flags(lung(40, 38, 30, 50) + lung(42, 92, 30, 50))
    assert Flag.NOT_FRONTAL in flags(lung(30, 38, 50, 30) + lung(95, 90, 50, 30))
    assert Flag.LOW_CONFIDENCE in flags(chest, confidence=0.8)


def test_a_lung_at_the_edge_of_a_padded_picture_is_cut_off():
    square = Square((SIDE, SIDE // 2), SIDE)
    map_ = lung(60, 44, 70, 26) + lung(60, 86, 70, 26)
    map_ = np.where(square.inside, map_, 0)
    assert Flag.CUT_OFF in quality_flags(two_lungs(map_ > 0.5).labels, square, 0.99)


def test_expected_dice_is_the_mean_over_truths_drawn_from_the_probabilities():
    rng = np.random.default_rng(0)
    map_ = np.clip(rng.random((60, 60)) + 0.3 * (np.arange(60) - 30)[:, None] / 30, 0, 1)
    found = map_ > 0.5
    drawn = []
    for _ in range(300):
        truth = rng.random(map_.shape) < map_
        drawn.append(2 * (truth & found).sum() / (truth.sum() + found.sum()))
    assert expected_dice(map_) == pytest.approx(np.mean(drawn), abs=0.003)
    assert expected_dice(np.zeros((4, 4))) == 0


@pytest.mark.parametrize("plain", [slice(0, 100), slice(100, 200)], ids=["left half", "right half"])
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("inwards", [-12, 0, 12])
def test_a_single_lung_keeps_its_side_where_the_other_half_is_plain(plain, level, inwards):
    """A half that is grey all over is cut away as a border; the lung lies where it lies on the film."""
    y, x = np.mgrid[:200, :200]
    film = np.float32(0.5 + 0.3 * np.sin(y / 9) + 0.2 * np.cos(x / 7))
    film[:, plain] = level
    side = 2 if plain.start == 0 else 1  # the patient's left lung lies on the right of a film
    centre = 150 - inwards if side == 2 else 50 + inwards
    lung = ((x - centre) / 30) ** 2 + ((y - 100) / 70) ** 2 < 1
    square = Square.without_borders(film, 64)
    assert max(square.borders) > 80
    image = sitk.GetImageFromArray(film)
    for mirrored, expected in ((False, side), (True, 3 - side)):
        labels = sitk.GetArrayFromImage(read_out(image, square.put(lung), mirrored).labels)
        assert set(np.unique(labels)) == {0, expected}


def test_a_single_lung_on_a_film_beside_a_border_has_the_side_of_the_film():
    y, x = np.mgrid[:160, :300]
    film = np.float32(0.5 + 0.3 * np.sin(y / 9) + 0.2 * np.cos(x / 7))
    film[:, 150:] = 0
    lung = ((x - 110) / 25) ** 2 + ((y - 80) / 60) ** 2 < 1
    square = Square.without_borders(film, 64)
    labels = read_out(sitk.GetImageFromArray(film), square.put(lung)).labels
    assert set(np.unique(sitk.GetArrayFromImage(labels))) == {0, 2}
