from __future__ import annotations

import numpy as np
import pytest

from LungCAD.unary.shiftable import STEP_PX, surest_neighbour


@pytest.mark.parametrize("radius", [0, 3, 6])
def test_equals_brute_force(radius):
    rng = np.random.default_rng(radius)
    inside = rng.random((17, 23)) < 0.8
    sureness = rng.random(np.count_nonzero(inside)).astype(np.float32)
    pixels = np.argwhere(inside)
    apart = pixels[:, None] - pixels[None]
    near = ((apart**2).sum(-1) <= radius**2) & (apart % STEP_PX == 0).all(-1)
    expected = np.where(near, sureness, -1).argmax(1)
    assert np.array_equal(surest_neighbour(sureness, inside, radius), expected)


def test_equally_sure_pixels_judge_for_themselves():
    inside = np.ones((9, 9), bool)
    assert np.array_equal(surest_neighbour(np.zeros(81), inside, 4), np.arange(81))


def test_a_pixel_outside_the_mask_is_never_asked():
    inside = np.ones((9, 9), bool)
    inside[:, 4] = False
    sureness = np.arange(72.0)
    chosen = surest_neighbour(sureness, inside, 2)
    assert chosen.min() >= 0 and chosen.max() < 72
