"""What outputs stand for, and how they become probabilities and decisions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

from LungCAD.errors import InputError
from LungCAD.tasks.detection_input import Decision, DetectionInput
from LungCAD.train.detection.batches import training_batches
from LungCAD.train.detection.decisions import (
    decided_by_others,
    fit_decision,
    fit_decisions,
)
from LungCAD.train.detection.heads import make_head
from LungCAD.train.detection.scores import detection_scores, found_diseases, markdown
from LungCAD.train.detection.slices import DISEASES, TICKED, SliceSet
from Testing.unit.train.square_slices import SMALL, blobs


def test_targets_are_areas_as_they_are_shown():
    count, side, pixel_mm = 40, 64, 320 / 224
    images = np.zeros((count, 3, 224, 224), np.uint8)
    images[:, :, 80 : 80 + side, 80 : 80 + side] = 255
    areas = np.zeros((count, 4), np.float32)
    areas[:, 0] = (side * pixel_mm) ** 2
    squares = SliceSet(images, areas, np.arange(count).astype(str), DISEASES, DetectionInput(), "", "")
    choices = replace(SMALL, head="l2", balance=False, batch=1)
    batches = training_batches([(squares, np.arange(count))], make_head(choices, squares), choices)
    shown, told = [], []
    for images, targets, _ in batches:
        shown.append((images[0, 1] > 0).sum().item() * pixel_mm**2 / (6000 * 0.7**2))
        told.append(targets[0, 0].item())
    assert max(told) > 1.5 * min(told)
    np.testing.assert_allclose(told, shown, rtol=0.04)


@pytest.mark.parametrize("balance", [True, False])
def test_balancing_weighs_the_rarer_disease_more(balance):
    slices = replace(blobs(), areas=np.array([[5000, 0, 0, 0]] * 20 + [[0, 5000, 0, 0]] * 4, np.float32))
    head = make_head(replace(SMALL, balance=balance), slices)
    wrong = torch.tensor([[-1.0, 0, 0, 0], [0, -1.0, 0, 0]])
    often, rare = (head.loss(row[None], torch.eye(4)[[n]]).item() for n, row in enumerate(wrong))
    assert (rare > often) == balance


@pytest.mark.parametrize(
    ("positives", "weights"),
    [
        ((0, 0, 0, 9), (1, 1, 1, 1)),
        ((6, 0, 0, 3), (2 / 3, 1, 1, 4 / 3)),
        ((4, 2, 3, 3), (8 / 9, 10 / 9, 1, 1)),
    ],
)
def test_only_diseases_that_occur_are_balanced(positives, weights):
    areas = 5000 * np.repeat(np.eye(4, dtype=np.float32), positives, axis=0)
    head = make_head(SMALL, replace(blobs(len(areas)), areas=areas))
    errors = torch.eye(4) * np.log(np.e - 1)  # a loss of 1 where there is nothing, beside three of ln 2
    found = [head.loss(row[None], torch.zeros(1, 4)).item() for row in errors]
    expected = [np.log(2) * (sum(weights) - weight) + weight for weight in weights]
    assert found == pytest.approx(expected, rel=1e-6)


def test_areas_cannot_be_learned_from_ticks():
    slices = replace(blobs(), areas=np.where(blobs().areas > 0, TICKED, 0).astype(np.float32))
    with pytest.raises(InputError, match="ticks"):
        make_head(replace(SMALL, head="smooth_l1"), slices)
    make_head(replace(SMALL, head="smooth_l1", target="step"), slices)


def test_no_disease_at_all_cannot_be_balanced():
    with pytest.raises(InputError, match="no disease"):
        make_head(SMALL, replace(blobs(), areas=np.zeros((24, 4), np.float32)))


def test_scores_of_one_label_are_log_odds():
    head = make_head(replace(SMALL, head="softmax"), blobs())
    outputs = torch.randn(6, 5)
    chances = outputs.softmax(1)[:, 1:]
    torch.testing.assert_close(head.scores(outputs), torch.logit(chances), rtol=1e-4, atol=1e-5)


def test_one_label_is_the_largest_disease():
    areas = np.array([[0, 0, 0, 100], [3000, 0, 4000, 0], [2940, 0, 0, 0]], np.float32)
    assert make_head(replace(SMALL, head="softmax"), blobs()).targets(areas).tolist() == [0, 3, 1]


def test_the_temperature_of_honest_log_odds_is_found():
    rng = np.random.default_rng(0)
    log_odds = rng.normal(-1, 2, 40000)
    present = rng.random(40000) < 1 / (1 + np.exp(-log_odds))
    decision = fit_decision(3 * log_odds, present, centred=True)
    assert decision.offset == 0
    assert decision.temperature == pytest.approx(3, rel=0.05)
    honest = fit_decision(3 * log_odds + 5, present, centred=False)
    assert (honest.offset, honest.temperature) == (pytest.approx(5, abs=0.2), pytest.approx(3, rel=0.05))


def test_the_threshold_gives_the_best_f1():
    rng = np.random.default_rng(1)
    present = rng.random(300) < 0.2
    scores = rng.normal(0, 1, 300) + 1.2 * present
    decision = fit_decision(scores, present, centred=True)
    reached = f1_score(present, decision.probability(scores) >= decision.threshold)
    assert reached == pytest.approx(max(f1_score(present, scores >= cut) for cut in scores))


def test_no_truth_decides_what_is_said_of_its_own_group():
    rng = np.random.default_rng(0)
    scores, present, groups = rng.normal(size=(60, 4)), rng.random((60, 4)) < 0.3, np.repeat([2, 5, 7], 20)
    found = decided_by_others(scores, present, groups, centred=True)
    own = groups == 5
    other = decided_by_others(scores, np.where(own[:, None], ~present, present), groups, centred=True)
    np.testing.assert_array_equal(found[own], other[own])
    assert (found[~own] != other[~own]).any()
    alone = decided_by_others(scores[own], present[own], groups[own], centred=True)
    decisions = fit_decisions(scores[own], present[own], centred=True)
    np.testing.assert_array_equal(alone, found_diseases(scores[own], decisions))


def test_a_disease_that_never_occurs_keeps_the_default():
    assert fit_decision(np.arange(4.0), np.zeros(4, bool), centred=True) == Decision()


@pytest.mark.parametrize("count", [3, 40])
def test_scores_that_tell_all_slices_apart_do_not_make_it_certain(count):
    """Of as many slices of either kind, all with the same score: the temperature in closed form."""
    present = np.repeat([False, True], count)
    decision = fit_decision(np.where(present, 3.0, -3.0), present, centred=True)
    assert decision.temperature == pytest.approx(3 / np.log(count + 1), rel=1e-3)
    rng = np.random.default_rng(0)
    scores = np.where(present, 4, -4) + rng.normal(0, 0.5, 2 * count)
    decision = fit_decision(scores, present, centred=True)
    shown = decision.probability(scores[present])
    assert decision.threshold < shown.mean() < 1  # neighbours that show it reach the threshold


def test_scores_of_a_disease_that_never_occurs_are_dashes():
    rng = np.random.default_rng(0)
    present = np.stack([np.zeros(20, bool), rng.random(20) < 0.5], axis=1)
    patients = np.arange(20) % 5
    scores = detection_scores(rng.normal(size=(20, 2)), ~present, present, patients, rounds=20)
    table = markdown(scores, ("first", "second"))
    assert "nan" not in table
    assert "| average precision | – | 0." in table
