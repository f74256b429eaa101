"""Crops of single lungs: where they lie, what they hold, and how weight files remember them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from LungCAD.tasks.ild_input import IldInput


def two_lungs():
    lungs = np.zeros((3, 200, 300), np.uint8)
    lungs[1, 60:121, 40:90] = 1
    lungs[1, 70:100, 250:299] = 2
    lungs[2, 5, 7] = 2
    return lungs


def test_every_lung_of_every_slice_has_a_crop_with_its_margin():
    lungs = two_lungs()
    crops = list(IldInput(multiple_px=1).crops(lungs))
    assert [(crop.z, crop.side) for crop in crops] == [(1, 1), (1, 2), (2, 2)]
    assert (crops[0].rows, crops[0].columns) == (slice(28, 153), slice(8, 122))
    assert (crops[1].rows, crops[1].columns) == (slice(38, 132), slice(218, 300))
    assert (crops[2].rows, crops[2].columns) == (slice(0, 38), slice(0, 40))


@pytest.mark.parametrize("multiple", [16, 64, 1000])
def test_crops_are_grown_to_multiples_within_the_slice(multiple):
    lungs = two_lungs()
    bare = IldInput(multiple_px=1).crops(lungs)
    for crop, least in zip(IldInput(multiple_px=multiple).crops(lungs), bare, strict=True):
        for span, inner, length in zip(
            (crop.rows, crop.columns), (least.rows, least.columns), (200, 300), strict=True
        ):
            assert 0 <= span.start <= inner.start < inner.stop <= span.stop <= length
            size = span.stop - span.start
            assert size % multiple == 0 or size == length
            assert size - (inner.stop - inner.start) < multiple
        assert crop.cut(lungs).shape == crop.shape


def test_a_crop_is_cut_from_volumes_with_and_without_channels():
    lungs = two_lungs()
    crop = next(IldInput().crops(lungs))
    volume = np.arange(2 * lungs.size).reshape(2, *lungs.shape)
    np.testing.assert_array_equal(crop.cut(volume)[1], crop.cut(volume[1]))
    crop.cut(volume)[:] = -1
    assert (volume[:, crop.z, crop.rows, crop.columns] == -1).all()


def test_no_lung_no_crop():
    assert not list(IldInput().crops(np.zeros((4, 9, 9), np.uint8)))


@pytest.mark.parametrize("kind", [np.int16, np.float32, np.float64])
def test_the_window_spans_0_to_1(kind):
    hu = np.array([-2000, -1000, -400, 200, 3000], kind)
    image = IldInput().image(hu)
    assert image.dtype == np.float32
    np.testing.assert_allclose(image, [0, 0, 0.5, 1, 1])


def test_weight_files_remember_it():
    prepared = IldInput((-900.0, 100.0), 8, 4, (0.6, 0.8), (1.0, 1.0))
    assert IldInput.from_plain(json.loads(json.dumps(prepared.as_plain()))) == prepared


@pytest.mark.parametrize(
    "wrong",
    [
        {"window": [0, 0]},
        {"window": 3},
        {"pixel_mm": [0, 1]},
        {"margin_px": -1},
        {"multiple_px": 0},
        {"margin_px": None},
    ],
)
def test_other_data_is_refused(wrong):
    with pytest.raises(ValueError, match="does not describe"):
        IldInput.from_plain({**IldInput().as_plain(), **wrong})
    with pytest.raises(ValueError, match="does not describe"):
        IldInput.from_plain({"side": 192})
