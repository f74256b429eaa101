"""Training of detection networks on small made-up slices: poses, balance, heads, decisions, resumption."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

from LungCAD.errors import Cancelled, InputError
from LungCAD.networks import CNNF
from LungCAD.tasks.detection_input import Decision, DetectionInput
from LungCAD.train.detection.batches import training_batches
from LungCAD.train.detection.decisions import decided_by_others, fit_decision, fit_decisions
from LungCAD.train.detection.dense_layers import fit_dense_layers, last_maps, train_dense_layers
from LungCAD.train.detection.heads import make_head
from LungCAD.train.detection.local_evidence import (
    DISEASE_WEIGHT,
    ELSEWHERE_WEIGHT,
    HEALTHY_WEIGHT,
    MIMIC_WEIGHT,
    LocalEvidence,
)
from LungCAD.train.detection.metrics import agreement
from LungCAD.train.detection.outcome import write_outcome
from LungCAD.train.detection.parameters import DetectionTrainingParameters
from LungCAD.train.detection.scores import detection_scores, found_diseases, markdown
from LungCAD.train.detection.slices import DISEASES, TICKED, SliceSet
from LungCAD.train.detection.splitting import fold_of_slices
from LungCAD.train.detection.start import balance_layers
from LungCAD.train.detection.training import calibrate, fit, score, train_detection

SMALL = DetectionTrainingParameters(
    width=1 / 32, dense=8, folds=2, scored_folds=2, epochs=2, batch=6, device="cpu", threshold_px=6000.0
)


def blobs(count=24, patients=6, seed=0, cells=True):
    """Slices with a bright square where there is ground glass, in a cell that says so."""
    rng = np.random.default_rng(seed)
    images = rng.integers(90, 110, (count, 3, 224, 224), dtype=np.uint8)
    areas = np.zeros((count, 4), np.float32)
    shares = np.zeros((count, 6, 13, 13), np.uint8)
    shares[:, 0, 2:11, 2:11] = 255
    for number in range(0, count, 2):
        row, column = rng.integers(2, 9, 2)
        y, x = 9 + 16 * row, 9 + 16 * column
        images[number, :, y : y + 32, x : x + 32] = 220
        areas[number, number // 2 % 4] = rng.uniform(3000, 9000)
        shares[number, :, row : row + 2, column : column + 2] = 0
        shares[number, 1, row : row + 2, column : column + 2] = 255
    return SliceSet(
        images,
        areas,
        np.array([f"p{n % patients}" for n in range(count)]),
        DISEASES,
        DetectionInput(),
        "squares",
        "none",
        synthetic=True,
        cells=shares if cells else None,
    )


def train_on_convolutions(slices, parameters):
    return train_dense_layers(slices, parameters, CNNF(4, width=1 / 32, dense=8))


# Heads, decisions


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


def test_what_no_slice_shows_is_read_as_before(tmp_path):
    slices = blobs()
    slices.areas[:, 1], slices.areas[:, 3] = 0, TICKED
    before = [Decision(0.0, 0.5, 0.3 + 0.1 * number) for number in range(4)]
    training = calibrate(slices, SMALL, CNNF(4, width=1 / 32, dense=8), before)
    assert [new == old for new, old in zip(training.decisions, before, strict=True)] == [
        False,
        True,
        False,
        True,
    ]
    np.testing.assert_array_equal(training.found[:, 1::2], found_diseases(training.scores, before)[:, 1::2])
    assert f"of {DISEASES[1]}, {DISEASES[3]} they say too little" in training.held_out


def test_scores_of_a_disease_that_never_occurs_are_dashes():
    rng = np.random.default_rng(0)
    present = np.stack([np.zeros(20, bool), rng.random(20) < 0.5], axis=1)
    patients = np.arange(20) % 5
    scores = detection_scores(rng.normal(size=(20, 2)), ~present, present, patients, rounds=20)
    table = markdown(scores, ("first", "second"))
    assert "nan" not in table
    assert "| average precision | – | 0." in table


# Training


@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"head": "l2"},
        {"head": "smooth_l1", "target": "ramp"},
        {"head": "softmax"},
        {"local": 0.0},
        {"normalise": False},
    ],
)
def test_every_kind_of_network_is_trained_and_scored(choices):
    training = train_detection(blobs(), replace(SMALL, epochs=1, **choices))
    assert sorted(training.scored) == list(range(24))
    assert training.scores.shape == (24, 4)
    assert np.isfinite(training.scores).all()
    assert len(training.decisions) == 4
    assert list(training.network.state_dict()) == list(CNNF(4, width=1 / 32, dense=8).state_dict())


def test_one_slice_alone_has_no_spread_to_balance_or_to_normalise_by():
    with pytest.raises(InputError, match=r"batch: is 1.*--no-normalise"):
        train_detection(blobs(), replace(SMALL, epochs=1, batch=1))
    found = train_detection(blobs(), replace(SMALL, epochs=1, batch=1, normalise=False))
    assert np.isfinite(found.scores).all()
    apart = replace(blobs(2, 2), folds=np.array([0, 1]))
    with pytest.raises(InputError, match="one slice to learn from"):
        train_detection(apart, replace(SMALL, epochs=1, normalise=False))


@pytest.fixture
def few_rounds(monkeypatch):
    """The intervals of a card take seconds."""
    quick = partial(detection_scores, rounds=2)
    monkeypatch.setattr("LungCAD.train.detection.outcome.detection_scores", quick)


@pytest.mark.usefixtures("few_rounds")
def test_folds_are_scored_with_the_decisions_of_the_others(tmp_path):
    slices, p = blobs(48), replace(SMALL, epochs=1)
    training = train_detection(slices, p)
    fold = fold_of_slices(slices, 2, 2940.0, p.seed)[training.scored]
    for one in (fold == 0, fold == 1):
        decisions = fit_decisions(training.scores[~one], training.present[~one], centred=True)
        np.testing.assert_array_equal(training.found[one], found_diseases(training.scores[one], decisions))
    assert training.decisions == fit_decisions(training.scores, training.present, centred=True)
    scores = write_outcome(tmp_path, training, slices, None, p, "command")
    assert scores.agreement == agreement(training.present, training.found)
    card = (tmp_path / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "fitted to other patients" in card and "these very slices" not in card


@pytest.mark.usefixtures("few_rounds")
@pytest.mark.parametrize(("patients", "words"), [(6, "to other patients"), (1, "to these very slices")])
def test_a_network_that_is_only_read_anew_is_scored_by_other_patients(tmp_path, patients, words):
    slices = blobs(24, patients)
    training = calibrate(slices, SMALL, CNNF(4, width=1 / 32, dense=8), [Decision()] * 4)
    own = slices.patients == "p0"
    fitted_to = own if patients == 1 else np.isin(slices.patients, ["p1", "p3", "p5"])
    decisions = fit_decisions(training.scores[fitted_to], training.present[fitted_to], centred=True)
    np.testing.assert_array_equal(training.found[own], found_diseases(training.scores[own], decisions))
    write_outcome(tmp_path, training, slices, None, SMALL, "command")
    assert words in (tmp_path / "MODEL_CARD.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("normalise", [False, True])
def test_a_training_that_was_broken_off_goes_on_as_if_it_had_not_been(tmp_path, normalise):
    p = replace(SMALL, normalise=normalise)
    slices, whole = blobs(), train_detection(blobs(), p)

    def break_off(fraction, message):
        if fraction > 0.55:
            raise Cancelled

    with pytest.raises(Cancelled):
        train_detection(slices, p, checkpoints=tmp_path, progress=break_off)
    resumed = train_detection(slices, p, checkpoints=tmp_path)
    for name, tensor in whole.network.state_dict().items():
        torch.testing.assert_close(resumed.network.state_dict()[name], tensor, rtol=0, atol=0)
    np.testing.assert_array_equal(resumed.scores, whole.scores)


def test_checkpoints_of_other_parameters_are_refused(tmp_path):
    train_detection(blobs(), replace(SMALL, epochs=1), checkpoints=tmp_path)
    with pytest.raises(InputError, match="another training"):
        train_detection(blobs(), replace(SMALL, epochs=1, seed=1), checkpoints=tmp_path)
    ticked = replace(blobs(), areas=blobs().areas[:, ::-1].copy())
    with pytest.raises(InputError, match="another training"):
        train_detection(ticked, replace(SMALL, epochs=1), checkpoints=tmp_path)


def test_more_folds_scored_than_there_are_is_refused():
    with pytest.raises(InputError, match="scored_folds"):
        train_detection(blobs(), replace(SMALL, folds=2, scored_folds=3))


def test_folds_of_the_readers_are_held_out_and_counted():
    folds = np.where(np.arange(24) % 6 < 2, 3, 7)
    training = train_detection(replace(blobs(), folds=folds), replace(SMALL, epochs=1, scored_folds=5))
    assert training.held_out.startswith("2 of 2 folds by patient")
    assert sorted(training.scored) == list(range(24))


@pytest.mark.parametrize("learn", [train_detection, train_on_convolutions])
def test_a_single_fold_of_the_readers_is_refused(learn):
    with pytest.raises(InputError, match="all slices in one fold"):
        learn(replace(blobs(), folds=np.zeros(24, int)), replace(SMALL, epochs=1))


def test_first_filters_begin_as_they_are_asked_to():
    """Without steps to learn, a network is what it began as."""
    p, slices = replace(SMALL, epochs=1, learning_rate=1e-12), blobs()
    head, everything = make_head(p, slices), np.arange(len(slices))
    begun = {
        name: fit(slices, everything, head, choices, start=start).features.conv1.weight.detach()
        for name, choices, start in (
            ("oriented", p, None),
            ("random", replace(p, oriented=False), None),
            ("gone on", p, CNNF(4, width=1 / 32, dense=8)),
        )
    }
    for one, other in itertools.combinations(begun.values(), 2):
        assert not torch.allclose(one, other, atol=1e-3)
    start = CNNF(4, width=1 / 32, dense=8)
    torch.nn.init.zeros_(start.features.conv1.weight[1])
    renewed = fit(slices, everything, head, replace(p, renew=1), start=start).features.conv1.weight
    changed = (renewed - start.features.conv1.weight).abs().flatten(1).amax(1) > 1e-3
    assert changed.tolist() == [False, True]


@pytest.mark.parametrize("start", [None, CNNF(4, width=1 / 32, dense=8)])
def test_filters_cannot_be_made_anew_that_are_not_there(start, tmp_path):
    with pytest.raises(InputError, match="renew"):
        train_detection(blobs(), replace(SMALL, renew=3), start=start, checkpoints=tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_slices_prepared_otherwise_are_refused():
    extra = replace(blobs(), input=DetectionInput(field_mm=300.0))
    with pytest.raises(InputError, match="otherwise"):
        train_detection(blobs(), SMALL, extra=extra)


@pytest.mark.slow
def test_squares_are_learned():
    learned, tested = blobs(96, 12, seed=1), blobs(48, 12, seed=2)
    areas = np.zeros((96, 4), np.float32)
    areas[::2, 0] = 5000
    learned = replace(learned, areas=areas)
    p = replace(SMALL, width=1 / 8, dense=32, epochs=25, dropout=0.2, balance=False)
    head = make_head(p, learned)
    network = fit(learned, np.arange(96), head, p)
    scores = score(network, head, tested)[:, 0]
    assert scores[::2].min() > scores[1::2].max()


# Local evidence


def test_local_evidence_that_knows_nothing_is_the_entropy_of_guessing():
    network = CNNF(4, width=1 / 32, dense=2)
    evidence = LocalEvidence(network, 4)
    network(torch.randn(2, 3, 224, 224))
    cells = torch.zeros(2, 6, 13, 13)
    cells[:, 0, :, :6] = 1  # healthy; elsewhere the rest
    cells[:, 3, 0, 12] = 1  # a disease in one place
    cells[:, 5, 1, 12] = 1  # and below it something like one
    known = 13 * 6 * HEALTHY_WEIGHT + DISEASE_WEIGHT + MIMIC_WEIGHT
    weights = known + (169 - 13 * 6 - 2) * ELSEWHERE_WEIGHT
    assert evidence.loss(cells).item() == pytest.approx(np.log(7) * weights / 169, rel=1e-5)


def test_local_evidence_reaches_the_convolutions_and_not_the_dense_layers():
    network = CNNF(4, width=1 / 32, dense=2)
    evidence = LocalEvidence(network, 4)
    torch.nn.init.normal_(evidence.classifier.weight)
    network(torch.randn(1, 3, 224, 224))
    evidence.loss(torch.rand(1, 6, 13, 13) / 6).backward()
    assert network.features.conv1.weight.grad.abs().sum() > 0
    assert network.classifier.fc6.weight.grad is None


def test_dense_layers_learn_on_given_convolutions():
    slices = blobs(24)
    slices = replace(
        slices, areas=np.where(np.arange(24)[:, None] % 2 == 0, [5000.0, 0, 0, 0], 0).astype("f4")
    )
    p = replace(SMALL, width=1 / 16, dense=16, epochs=30, dropout=0.0, balance=False, augment=False)
    torch.manual_seed(0)
    network = CNNF(4, width=1 / 16, dense=16)
    balance_layers(network, torch.from_numpy(slices.images).float() / 127.5 - 1)
    head, maps = make_head(p, slices), last_maps(network, slices)
    fresh = fit_dense_layers(network, maps, slices, np.arange(24), head, p)
    for name, tensor in network.features.state_dict().items():
        torch.testing.assert_close(fresh.features.state_dict()[name], tensor)
    found = score(fresh, head, slices)[:, 0]
    assert found[::2].min() > found[1::2].max()
