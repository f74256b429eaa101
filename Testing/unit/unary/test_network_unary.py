from __future__ import annotations

import numpy as np
import pytest

from LungCAD.unary import network_unary, pool

MASK = np.zeros((1, 2, 3), np.uint8)
MASK[0, 0] = 1


def test_chosen_classes_are_renormalised_inside_the_mask():
    scores = np.zeros((4, *MASK.shape))
    scores[:, 0, 0, 0] = 0.4, 0.1, 0.3, 0.2
    unary = network_unary(scores, (1, 2, 3, 4), (2, 3), MASK)
    assert unary.shape == (2, *MASK.shape) and unary.dtype == np.float32
    assert np.allclose(unary[:, 0, 0, 0], [0.25, 0.75], atol=1e-5)
    assert np.allclose(unary[:, 0, 0, 1], 0.5)  # the network says nothing: all equal
    assert not unary[:, 0, 1].any()


def test_order_of_the_classes_is_the_callers():
    scores = np.broadcast_to(np.array([0.2, 0.8])[:, None, None, None], (2, *MASK.shape))
    assert np.allclose(network_unary(scores, (7, 3), (3, 7), MASK)[:, 0, 0, 0], [0.8, 0.2], atol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s[:2], "do not fit"),
        (lambda s: -s, "negative"),
        (lambda s: s * np.nan, "not finite"),
        (lambda s: s[..., :2], "do not fit"),
    ],
)
def test_maps_that_do_not_fit_are_refused(change, message):
    scores = np.full((3, *MASK.shape), 1 / 3)
    with pytest.raises(ValueError, match=message):
        network_unary(change(scores), (1, 2, 3), (1, 2), MASK)


def test_a_class_without_a_channel_is_named():
    with pytest.raises(ValueError, match=r"\[9\]"):
        network_unary(np.ones((2, *MASK.shape)), (1, 2), (1, 9), MASK)


def random_map(rng):
    scores = rng.dirichlet([1, 1, 1], size=MASK.shape)
    return np.moveaxis(scores, -1, 0).astype(np.float32) * (MASK > 0)


def test_pool_is_the_normalised_weighted_product():
    rng = np.random.default_rng(0)
    a, b = random_map(rng), random_map(rng)
    inside = MASK > 0
    expected = a[:, inside] ** 0.3 * b[:, inside] ** 0.7
    assert np.allclose(pool(a, b, 0.7)[:, inside], expected / expected.sum(0), atol=1e-4)
    assert not pool(a, b)[:, ~inside].any()


def test_pool_with_all_weight_on_one_side_is_that_side():
    rng = np.random.default_rng(1)
    a, b = random_map(rng), random_map(rng)
    assert np.allclose(pool(a, b, 0.0), a, atol=1e-5)
    assert np.allclose(pool(a, b, 1.0), b, atol=1e-5)


def test_pool_survives_certainty_and_refuses_nonsense():
    certain = np.zeros((2, 1, 1, 1), np.float32)
    certain[0] = 1
    assert np.isfinite(pool(certain, certain[::-1])).all()
    with pytest.raises(ValueError, match="weight"):
        pool(certain, certain, 1.5)
    with pytest.raises(ValueError, match="shape"):
        pool(certain, certain[:1])
