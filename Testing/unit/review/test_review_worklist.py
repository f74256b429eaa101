"""Which slice comes next, and what is left."""

from __future__ import annotations

import numpy as np
import pytest

from LungCAD.labels import Provenance
from LungCAD.review import (
    POSITION,
    Decision,
    disagreement_ml,
    next_open,
    tally,
    uncertain_ml,
    worklist,
)

SCORES = {"uncertainty": (9.0, 1.0, 5.0, 1.0, 7.0, 0.0)}


def test_slices_with_lung_by_position_or_by_score(review):
    assert worklist(review.state, POSITION, {}) == [1, 2, 3, 4, 5]
    assert worklist(review.state, "uncertainty", SCORES) == [4, 2, 1, 3, 5]
    with pytest.raises(ValueError, match="not one of position, uncertainty"):
        worklist(review.state, "beauty", SCORES)


def test_a_label_painted_on_an_empty_slice_brings_it_into_the_list(review):
    labels = review.state.masks.labels.copy()
    labels[0, 0, 0] = 1
    review.edit(labels)
    assert worklist(review.state, POSITION, {})[0] == 0


def test_the_next_slice_is_the_next_that_is_open_going_round(review):
    order = [4, 2, 1, 3, 5]
    assert next_open(review.state, order) == 4
    review.decide(4, Decision.ACCEPT)
    assert next_open(review.state, order, 4) == 2
    review.decide(2, Decision.NEEDS_EDIT)
    assert next_open(review.state, order, 4) == 1
    for number in (3, 5, 1):
        review.decide(number, Decision.REJECT)
    assert next_open(review.state, order, 1) == 2
    review.decide(2, Decision.ACCEPT)
    assert next_open(review.state, order, 2) is None


def test_the_tally_counts_slices_and_volume(review):
    assert str(tally(review.state, 0.5)) == "0 of 5 slices, 200 ml left"
    review.decide(4, Decision.ACCEPT)
    review.decide(3, Decision.NEEDS_EDIT)
    assert str(tally(review.state, 0.5)) == "1 of 5 slices, 160 ml left"
    labels = review.state.masks.labels.copy()
    labels[4, 5, 5], labels[4, 0, 0] = 0, 1
    review.edit(labels)
    assert tally(review.state, 0.5).ml_left == 200.5


def test_scores_are_millilitres_of_what_an_algorithm_decided(result):
    uncertainty = np.full(result.labels.shape, 0.25, np.float32)
    result.provenance[4, 5, 5] = Provenance.CORRECTED
    expected = [0.5 * 0.25 * voxels for voxels in (0, 80, 80 - 6, 80, 80 - 1, 80)]
    assert uncertain_ml(uncertainty, result.provenance, 0.5) == pytest.approx(expected)
    other = result.labels.copy()
    other[2] = 0
    other[4, 5, 5:7] = 0
    decided = np.count_nonzero(result.labels[2]) - np.count_nonzero(result.labels[2, 3:5, 3:6])
    assert disagreement_ml(result.labels, other, result.provenance, 0.5) == (0, 0, 0.5 * decided, 0, 0.5, 0)
