"""Training of detection networks on small made-up slices: every kind, folds, resumption, local evidence."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from LungCAD.errors import Cancelled, InputError
from LungCAD.networks import CNNF
from LungCAD.tasks.detection_input import Decision, DetectionInput
from LungCAD.train.detection.decisions import fit_decisions
from LungCAD.train.detection.dense_layers import fit_dense_layers, last_maps, train_dense_layers
from LungCAD.train.detection.heads import make_head
from LungCAD.train.detection.learner import DetectionLearner
from LungCAD.train.detection.local_evidence import (
    DISEASE_WEIGHT,
    ELSEWHERE_WEIGHT,
    HEALTHY_WEIGHT,
    MIMIC_WEIGHT,
    LocalEvidence,
)
from LungCAD.train.detection.metrics import agreement
from LungCAD.train.detection.outcome import write_outcome
from LungCAD.train.detection.scores import detection_scores, found_diseases
from LungCAD.train.detection.slices import DISEASES, TICKED
from LungCAD.train.detection.splitting import fold_of_slices
from LungCAD.train.detection.start import balance_layers
from LungCAD.train.detection.training import calibrate, fit, score, train_detection
from Testing.unit.train.square_slices import SMALL, blobs


def train_on_convolutions(slices, parameters):
    return train_dense_layers(slices, parameters, CNNF(4, width=1 / 32, dense=8))


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
    for learn in (train_detection, train_on_convolutions):
        with pytest.raises(InputError, match="one slice to learn from"):
            learn(apart, replace(SMALL, epochs=1, normalise=False))


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


@pytest.mark.parametrize("dropout", [0.3, 0.9])
@pytest.mark.parametrize(
    ("start", "renew"), [(None, 0), (CNNF(4, width=1 / 32, dense=8), 0), (CNNF(4, width=1 / 32, dense=8), 1)]
)
def test_dropout_acts_whatever_was_done_to_the_first_weights(dropout, start, renew, monkeypatch):
    """What leaves chance out while it prepares a network must not leave it out for good."""
    kept, step = [], DetectionLearner.training_step

    def watched(learner, batch, index):
        hidden = torch.ones(1, 1000)
        kept.append((learner.network.classifier.drop7(hidden) != 0).float().mean().item())
        return step(learner, batch, index)

    monkeypatch.setattr(DetectionLearner, "training_step", watched)
    p, slices = replace(SMALL, epochs=1, dropout=dropout, renew=renew), blobs()
    fit(slices, np.arange(len(slices)), make_head(p, slices), p, start=start)
    assert np.mean(kept) == pytest.approx(1 - dropout, abs=0.05)


@pytest.mark.parametrize("start", [None, CNNF(4, width=1 / 32, dense=8)])
@pytest.mark.parametrize("normalise", [False, True])
def test_a_training_that_was_broken_off_goes_on_as_if_it_had_not_been(tmp_path, normalise, start):
    p = replace(SMALL, normalise=normalise)
    slices, whole = blobs(), train_detection(blobs(), p, start=start)

    def break_off(fraction, message):
        if fraction > 0.55:
            raise Cancelled

    with pytest.raises(Cancelled):
        train_detection(slices, p, start=start, checkpoints=tmp_path, progress=break_off)
    resumed = train_detection(slices, p, start=start, checkpoints=tmp_path)
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
    for cells in (None, blobs().cells[:, ::-1].copy()):
        with pytest.raises(InputError, match="another training"):
            train_detection(replace(blobs(), cells=cells), replace(SMALL, epochs=1), checkpoints=tmp_path)


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


@pytest.mark.parametrize("normalise", [False, True])
def test_dense_layers_learn_on_given_convolutions(normalise):
    slices = blobs(24)
    slices = replace(
        slices, areas=np.where(np.arange(24)[:, None] % 2 == 0, [5000.0, 0, 0, 0], 0).astype("f4")
    )
    p = replace(SMALL, width=1 / 16, dense=16, epochs=30, dropout=0.0, balance=False, augment=False)
    p = replace(p, normalise=normalise)
    torch.manual_seed(0)
    network = CNNF(4, width=1 / 16, dense=16)
    balance_layers(network, torch.from_numpy(slices.images).float() / 127.5 - 1)
    head, maps = make_head(p, slices), last_maps(network, slices)
    fresh = fit_dense_layers(network, maps, slices, np.arange(24), head, p)
    for name, tensor in network.features.state_dict().items():
        torch.testing.assert_close(fresh.features.state_dict()[name], tensor)
    assert list(fresh.state_dict()) == list(network.state_dict())
    found = score(fresh, head, slices)[:, 0]
    assert found[::2].min() > found[1::2].max()
