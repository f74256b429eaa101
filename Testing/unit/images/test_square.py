"""A picture of any shape in a network's square, and back."""

import numpy as np
import pytest

from LungCAD.images.square import Square, scaled


@pytest.mark.parametrize("shape", [(300, 200), (200, 300), (64, 64), (50, 7), (1, 90)])
def test_aspect_ratio_is_kept_and_the_picture_lies_in_the_middle(shape):
    square = Square(shape, 64)
    rows, columns = square.inner
    height, width = rows.stop - rows.start, columns.stop - columns.start
    assert max(height, width) == 64
    assert abs(height / 64 - shape[0] / max(shape)) <= 0.5 / 64 or height == 1
    assert abs((rows.start + rows.stop) - 64) <= 1 and abs((columns.start + columns.stop) - 64) <= 1
    assert square.inside.sum() == height * width


@pytest.mark.parametrize("shape", [(301, 200), (90, 130)])
def test_a_smooth_picture_comes_back_where_it_was(shape):
    y, x = np.mgrid[: shape[0], : shape[1]] / max(shape)
    picture = np.float32(np.sin(3 * y) + np.cos(4 * x))
    square = Square(shape, 128)
    inner = slice(4, -4), slice(4, -4)  # at the edge, interpolation has one neighbour only
    np.testing.assert_allclose(square.take(square.put(picture))[inner], picture[inner], atol=0.02)


def test_shrinking_averages():
    picture = np.random.default_rng(0).random((512, 512)).astype(np.float32)
    assert Square((512, 512), 32).put(picture).std() < 0.03


def test_labels_stay_labels():
    labels = np.zeros((211, 90), np.uint8)
    labels[20:150, 5:30], labels[30:170, 50:80] = 1, 2
    square = Square(labels.shape, 96)
    back = square.take_labels(square.put_labels(labels))
    assert set(np.unique(back)) == {0, 1, 2}
    assert (back == labels).mean() > 0.97


def wavy(shape):
    y, x = np.mgrid[: shape[0], : shape[1]] / max(shape)
    return np.float32(0.5 + 0.2 * np.sin(9 * y) + 0.2 * np.cos(8 * x))


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_plain_borders_are_left_out(level):
    """The square is that of the picture and its rim, and what comes back lies where these do."""
    picture = wavy((120, 90))
    noise = 0.001 * np.random.default_rng(0).standard_normal((200, 190)).astype(np.float32)
    framed = noise + level
    framed[30:150, 60:150] = picture
    square = Square.without_borders(framed, 64)
    assert square.borders == (24, 44, 54, 34)  # the picture is 120 px high: a rim of 6
    shown = framed[24:156, 54:156]
    alone = Square(shown.shape, 64)
    np.testing.assert_array_equal(square.put(framed), alone.put(shown))
    back = square.take(square.put(framed))
    np.testing.assert_array_equal(back[24:156, 54:156], alone.take(alone.put(shown)))
    assert back.shape == framed.shape and not back[:24].any() and not back[:, 156:].any()
    labels = square.take_labels(np.ones((64, 64), np.uint8))
    assert labels.dtype == np.uint8 and labels.sum() == shown.size
    assert (square.put_labels(labels) == square.inside).all()


@pytest.mark.parametrize(
    "picture",
    [
        wavy((80, 60)),
        np.mgrid[:50, :40][0] / 50,  # every row of one level, but not of the same
        np.where(np.indices((64, 64)).sum(0) == 90, 40.0, wavy((64, 64))),  # a few pixels far too bright
        np.full((40, 40), 0.3),
    ],
)
def test_what_is_no_border_stays(picture):
    assert sum(Square.without_borders(picture.astype(np.float32), 64).borders) <= 4


def test_scaled_keeps_the_field_of_view():
    ramp = np.tile(np.arange(100, dtype=np.float32), (10, 1))
    half = scaled(ramp, (5, 50))
    np.testing.assert_allclose(half[2, 5:-5], np.arange(0.5, 100, 2)[5:-5], atol=0.05)
