"""Scores against brute force, baselines against cases solved by hand, verdicts against their bounds."""

from __future__ import annotations

import itertools
from functools import reduce
from operator import add

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, recall_score

from LungCAD.cli.bench.baselines import discriminate_density, nearest_roi, walk_randomly
from LungCAD.cli.bench.scoring import (
    CONFIDENCE_EDGES,
    ConfidenceCounts,
    balanced_accuracy,
    recalls,
    scoreable,
)
from LungCAD.cli.bench.verdicts import Spread, Verdict, summarise


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def test_scoreable_against_every_pair_of_pixels(rng):
    rois = (rng.random((3, 24, 20)) < 0.01).astype(np.uint8)
    rois[1] = 0
    lungs = (rng.random((3, 24, 20)) < 0.8).astype(np.uint8)
    expected = lungs > 0
    for z, y, x in itertools.product(*map(range, rois.shape)):
        for ry, rx in np.argwhere(rois[z]):
            expected[z, y, x] &= (y - ry) ** 2 + (x - rx) ** 2 > 25
    assert np.array_equal(scoreable(rois, lungs), expected)


def test_balanced_accuracy_as_scikit_learn_computes_it(rng):
    truth = rng.choice([1, 2, 5], 400, p=[0.8, 0.15, 0.05]).astype(np.uint8)
    predicted = np.where(rng.random(400) < 0.6, truth, rng.integers(1, 6, 400)).astype(np.uint8)
    expected = recall_score(truth, predicted, labels=[1, 2, 5], average=None)
    assert recalls(truth, predicted) == pytest.approx(dict(zip([1, 2, 5], expected, strict=True)))
    only_true = np.where(np.isin(predicted, [1, 2, 5]), predicted, 1)
    assert balanced_accuracy(truth, only_true) == pytest.approx(balanced_accuracy_score(truth, only_true))


def test_no_label_is_a_wrong_label():
    assert balanced_accuracy(np.array([1, 1, 2, 2]), np.array([1, 0, 2, 2])) == 0.75


def test_nothing_to_score_is_no_number():
    assert np.isnan(balanced_accuracy(np.empty(0, np.uint8), np.empty(0, np.uint8)))


@pytest.fixture
def labelled(rng):
    """Truth, labels, confidences and drawings where confidence tells the truth about its own error."""
    truth = rng.integers(0, 4, (4, 30, 30)).astype(np.uint8)
    confidence = rng.uniform(0.3, 1, truth.shape).astype(np.float32)
    wrong = rng.random(truth.shape) > confidence
    predicted = np.where(wrong, truth % 3 + 1, truth).astype(np.uint8)
    predicted[rng.random(truth.shape) < 0.1] = 0
    rois = np.where((rng.random(truth.shape) < 0.1), truth, 0).astype(np.uint8)
    return truth, predicted, confidence, rois


@pytest.mark.parametrize("tau", CONFIDENCE_EDGES[[0, 40, 100, 150, 300]])
def test_expansion_and_accuracy_against_a_direct_count(labelled, tau):
    truth, predicted, confidence, rois = labelled
    counts = ConfidenceCounts.count(*labelled)
    sure = (truth > 0) & (rois == 0) & (predicted > 0) & (confidence >= tau)
    assert counts.expansion(tau) == pytest.approx(sure.sum() / (rois > 0).sum())
    assert counts.accuracy(tau) == pytest.approx(np.mean(truth[sure] == predicted[sure]), nan_ok=True)


def test_a_certain_posterior_is_counted():
    one = np.ones((1, 1, 2), np.uint8)
    counts = ConfidenceCounts.count(one, one, np.array([[[1.0, 1.0]]]), np.array([[[1, 0]]]))
    assert counts.expansion(CONFIDENCE_EDGES[-1]) == 1


def test_threshold_is_the_lowest_that_reaches_the_accuracy(labelled):
    counts = ConfidenceCounts.count(*labelled)
    tau = counts.threshold(0.9)
    below = [edge for edge in CONFIDENCE_EDGES if edge < tau]
    assert counts.accuracy(tau) >= 0.9
    assert all(counts.accuracy(lower) < 0.9 for lower in below)
    assert counts.threshold(1.01) == 1.0
    assert counts.expansion(1.0) == 0


def test_risk_at_a_coverage_is_the_error_of_the_most_confident(labelled):
    truth, predicted, confidence, rois = labelled
    undrawn = (truth > 0) & (rois == 0)
    counts = ConfidenceCounts.count(*labelled)
    curve = counts.risk_coverage(np.array([0.2, 0.5, 0.8, 1.0]))
    assert len(curve) == 3, "a tenth is unlabelled: full coverage is out of reach"
    order = np.argsort(-confidence[undrawn & (predicted > 0)])
    errors = (truth != predicted)[undrawn & (predicted > 0)][order]
    for coverage, risk in curve:
        assert risk == pytest.approx(errors[: round(coverage * undrawn.sum())].mean())


def test_counts_add_up(labelled):
    counts = ConfidenceCounts.count(*labelled)
    twice = counts + counts
    assert twice.drawn == 2 * counts.drawn
    assert twice.expansion(0.0) == counts.expansion(0.0)
    assert reduce(add, [counts]) is counts


def test_nearest_roi_measures_in_millimetres():
    rois = np.zeros((2, 1, 9), np.uint8)
    rois[0, 0, 8], rois[1, 0, 0] = 1, 2
    lungs = np.ones_like(rois)
    lungs[0, 0, 4] = 0
    thin = nearest_roi(rois, lungs, (0.1, 1.0, 1.0))
    assert np.array_equal(thin[0, 0, [0, 3, 4, 5, 8]], [2, 2, 0, 1, 1])
    thick = nearest_roi(rois, lungs, (100.0, 1.0, 1.0))
    assert set(thick[0, 0, lungs[0, 0] > 0]) == {1}
    assert set(thick[1, 0]) == {2}


def test_random_walker_stops_at_an_edge_in_the_image(rng):
    """The drawings lie off centre; walkers stay on their side of the step, where distance alone would err."""
    hu = np.full((2, 48, 48), -850.0)
    hu[:, :, 16:] = -600
    hu += rng.normal(0, 5, hu.shape)
    rois = np.zeros(hu.shape, np.uint8)
    rois[0, 20:28, 4:12], rois[0, 20:28, 40:48] = 5, 2
    lungs = np.ones(hu.shape, np.uint8)
    found = walk_randomly(hu, rois, lungs, (3.0, 1.0, 1.0))
    expected = np.where(np.arange(48) < 16, 5, 2) + np.zeros(hu.shape)
    assert np.mean(found == expected) > 0.98
    assert np.mean(nearest_roi(rois, lungs, (3.0, 1.0, 1.0)) == expected) < 0.85


def test_random_walker_labels_lung_that_no_walker_reaches(rng):
    lungs = np.zeros((1, 40, 41), np.uint8)
    lungs[:, :, :12], lungs[:, :, 28:] = 1, 2
    rois = np.zeros_like(lungs)
    rois[0, :8, :8], rois[0, 30:, :8] = 1, 3
    found = walk_randomly(rng.normal(-800, 30, lungs.shape), rois, lungs, (5.0, 1.0, 1.0))
    assert np.array_equal(found > 0, lungs > 0)
    assert np.array_equal(found[lungs == 2], nearest_roi(rois, lungs, (5.0, 1.0, 1.0))[lungs == 2])


def test_discriminant_cuts_midway_between_the_means(rng):
    truth = np.repeat([0, 1, 2], [500, 4000, 200]).astype(np.uint8).reshape(1, 1, -1)
    hu = np.where(truth == 2, -700.0, -900.0) + rng.normal(0, 40, truth.shape)
    found = discriminate_density(hu, truth)
    means = hu[truth == 1].mean(), hu[truth == 2].mean()
    expected = np.where(hu > np.mean(means), 2, 1) * (truth > 0)
    assert np.mean(found == expected) > 0.995


def row(seed: int, pipeline: float, oracle: float = 0.9, broken: int = 0) -> dict:
    slices = {"pipeline": pipeline, "unary": 0.7, "recalls": {}, "undecided": 0.0, "broken_promises": broken}
    baselines = {"nearest ROI": 0.3, "random walker": 0.4, "LDA on HU": 0.5}
    return {"seed": seed, "score": {**baselines, "volume": slices}, "oracle": {"volume": oracle}}


def verdicts_of(*arguments) -> dict[str, Verdict]:
    return {verdict.requirement: verdict for verdict in summarise(*arguments, ("volume",)).verdicts}


def test_spread_names_the_worst_seed():
    assert Spread.of({4: 0.8, 9: 0.6, 2: 1.0}) == Spread(pytest.approx(0.8), pytest.approx(0.2), 0.6, 9)


def test_verdicts_on_scores():
    verdicts = verdicts_of([row(0, 0.80), row(1, 0.84)], [row(0, 0.70)], [])
    assert verdicts["volume: part of the oracle's accuracy"].value == pytest.approx(0.82 / 0.9)
    assert verdicts["volume: lead over LDA on HU"].value == pytest.approx(0.32)
    assert verdicts["volume: loss on the second generator"].value == pytest.approx(0.12)
    assert not verdicts["volume: loss on the second generator"].passed
    assert sum(not verdict.passed for verdict in verdicts.values()) == 1


def test_one_broken_promise_in_any_study_fails():
    name = "voxels redrawn, or labelled outside lung and drawing"
    assert verdicts_of([row(0, 0.8)], [], [])[name].passed
    assert not verdicts_of([row(0, 0.8)], [row(0, 0.8, broken=1)], [])[name].passed


def test_confidence_is_chosen_on_the_tuning_studies_alone(labelled):
    counts = ConfidenceCounts.count(*labelled)
    perfect = ConfidenceCounts(counts.labelled, counts.labelled, counts.undrawn, counts.drawn)
    strict = summarise([{"seed": 0, "expansion": perfect}], [], [{"expansion": counts}], ("volume",))
    assert strict.expansion["tau"] == counts.threshold(0.95)
    lax = summarise([{"seed": 0, "expansion": counts}], [], [{"expansion": perfect}], ("volume",))
    assert lax.expansion["tau"] == 0
    assert [verdict.passed for verdict in lax.verdicts] == [True, False]


def test_sham_ratio_over_all_studies():
    rows = [
        {"seed": 0, "sham": {"repainted": 0.06, "untouched": 0.05}},
        {"seed": 1, "sham": {"repainted": 0.08, "untouched": 0.05}},
    ]
    verdict = verdicts_of(rows, [], [])["sham: false labels repainted / untouched"]
    assert verdict.value == pytest.approx(1.4)
    assert not verdict.passed


def test_what_is_no_number_does_not_pass():
    assert not Verdict("", float("nan"), ">=", 0.0).passed
    assert not Verdict("", float("nan"), "<=", 0.0).passed
