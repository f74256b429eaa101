"""Drawn regions vote for what is near them, in millimetres and in all directions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from LungCAD.unary.vicinity import DOUBT, REACH_MM
from LungCAD.unary.vicinity import vicinity_prior as prior_of_slices


def vicinity_prior(rois, classes, spacing):
    """The prior of all slices (C, z, y, x)."""
    prior = np.full((len(classes), *rois.shape), 1 / len(classes), np.float32)
    for z, near in prior_of_slices(rois, classes, spacing):
        prior[:, z] = near
    return prior


def two_spots():
    rois = np.zeros((9, 41, 41), np.uint8)
    rois[4, 20, 10], rois[4, 20, 30] = 3, 5
    return rois


def test_the_nearer_region_wins_and_far_away_all_are_alike():
    prior = vicinity_prior(two_spots(), (3, 5), (1.0, 1.0, 1.0))
    assert np.allclose(prior.sum(0), 1)
    assert prior[0, 4, 20, 12] > prior[1, 4, 20, 12]
    assert prior[0, 4, 20, 20] == pytest.approx(0.5, abs=1e-5)
    far = vicinity_prior(two_spots(), (3, 5), (50.0, 50.0, 50.0))
    assert far[0, 0, 0, 0] == pytest.approx(0.5)


def test_a_vote_is_a_gaussian_of_the_distance():
    spacing = (3.0, 1.0, 1.5)
    prior = vicinity_prior(two_spots(), (3, 5, 7), spacing)
    odds = lambda at: (prior[0][at] / prior[2][at] - 1) * DOUBT / 3  # noqa: E731 - the vote itself
    volume = np.prod([np.sqrt(2 * np.pi) * REACH_MM / step for step in spacing])
    for offset in ((0, 0, 0), (0, 3, 0), (0, 0, 3), (1, 2, 2)):
        millimetres = np.array(offset) * spacing
        expected = np.exp(-(millimetres @ millimetres) / (2 * REACH_MM**2)) / volume
        at = tuple(np.array((4, 20, 10)) + offset)
        assert odds(at) == pytest.approx(expected, rel=0.03)


def test_slices_far_apart_do_not_speak_to_each_other():
    prior = vicinity_prior(two_spots(), (3, 5), (40.0, 1.0, 1.0))
    assert prior[0, 5, 20, 10] == pytest.approx(0.5, abs=1e-6)
    assert prior[0, 4, 20, 10] > 0.5


@pytest.mark.parametrize("spacing", [(1.0, 0.7, 0.9), (3.0, 2.0, 1.0), (30.0, 1.0, 1.0)])
def test_slice_by_slice_is_as_a_filter_of_the_whole_volume(spacing):
    rng = np.random.default_rng(1)
    rois = np.where(rng.random((12, 20, 17)) < 0.02, rng.integers(1, 4, (12, 20, 17)), 0)
    rois[4:9] = 0
    reach = [REACH_MM / step for step in spacing]
    votes = np.stack([gaussian_filter((rois == value).astype(float), reach) for value in (1, 2, 3)])
    votes += DOUBT / 3
    assert np.allclose(vicinity_prior(rois, (1, 2, 3), spacing), votes / votes.sum(0), atol=1e-5)


def test_where_nothing_is_drawn_nothing_is_said():
    assert list(prior_of_slices(np.zeros((3, 4, 5), int), (1, 2), (1.0, 1.0, 1.0))) == []
