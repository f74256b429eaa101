"""How curves along scans and whole scans are read."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from sklearn.metrics import f1_score

from LungCAD.networks import CNNF
from LungCAD.tasks.detection_input import Decision
from LungCAD.train.detection.decisions import fit_decisions
from LungCAD.train.detection.heads import make_head
from LungCAD.train.detection.metrics import agreement
from LungCAD.train.detection.outcome import write_outcome
from LungCAD.train.detection.scan_decisions import AlongScans, along, along_scans
from LungCAD.train.detection.scores import detection_scores, probabilities
from LungCAD.train.detection.training import decided
from Testing.unit.train.square_slices import SMALL, blobs


def test_scans_are_read_as_honestly_as_their_slices():
    """Of scans whose highest slice says how likely they are, by a rule that is known."""
    rng = np.random.default_rng(0)
    highest = rng.normal(2, 4, 5000)
    have = rng.random(5000) < 1 / (1 + np.exp(-(highest - 2) / 3))
    scores = np.stack([highest - 50, highest, highest - 9], axis=1).reshape(-1, 1)
    present = np.stack([0 * have, have, 0 * have], axis=1).reshape(-1, 1) > 0
    gap_mm = np.tile([0.0, 80.0, 80.0], 5000)  # too far for neighbours to have a say
    (decision,) = along_scans([Decision()], scores, present, gap_mm)
    assert (decision.scan_offset, decision.scan_temperature) == pytest.approx((2, 3), rel=0.1)
    assert (decision.offset, decision.temperature, decision.scan_threshold) == (0, 1, 0.5)


def test_neighbours_have_a_say_in_their_own_scan():
    """5 mm away they weigh exp(-1/2), as the detector smooths; the scans have 3, 1 and 2 slices."""
    gap_mm, near = np.array([0.0, 5, 5, 0, 0, 5]), np.exp(-0.5)
    curve = along(np.array([0.0, 1, 0, 1, 0, 1])[:, None], gap_mm)[:, 0]
    assert curve[[1, 3, 5]] == pytest.approx([1 / (1 + 2 * near), 1, 1 / (1 + near)], rel=1e-5)
    assert curve[4] == pytest.approx(near / (1 + near), rel=1e-5)


def test_the_threshold_gives_the_best_f1_on_the_curve():
    rng = np.random.default_rng(1)
    gap_mm = np.tile([0.0, *[4.0] * 19], 30)
    present = np.repeat(rng.random(120) < 0.3, 5)[:, None]
    scores = rng.normal(0, 2, present.shape) + 2 * present
    alone = Decision(threshold=0.31)
    (decision,) = along_scans([alone], scores, present, gap_mm)
    curve = along(alone.probability(scores), gap_mm)
    reached = f1_score(present, curve >= decision.threshold)
    assert reached == pytest.approx(max(f1_score(present, curve >= cut) for cut in np.unique(curve)))
    assert reached > f1_score(present, alone.probability(scores) >= alone.threshold)


def test_a_disease_of_every_scan_or_of_none():
    """Every scan has the first, which some slices show; none has the second."""
    scores, gap_mm = np.random.default_rng(0).normal(size=(12, 2)), np.tile([0.0, 9.0], 6)
    before = (Decision(scan_offset=1.0, scan_threshold=0.5), Decision(0.2, 3.0, 0.4))
    some, none = along_scans(before, scores, np.tile([[True, False], [False, False]], (6, 1)), gap_mm)
    assert some == replace(before[0], threshold=some.threshold) and some.threshold != 0.5
    assert none == before[1]


def test_whole_scans_are_read_as_they_were_scored(tmp_path, monkeypatch):
    """Two scans each of six patients, of unequal length; folds come in another order than the slices."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(2, 5, 12)
    slices = blobs(int(lengths.sum()))
    patients = np.repeat([f"p{number // 2}" for number in range(12)], lengths)
    gap_mm = np.concatenate([[0, *[5.0] * (length - 1)] for length in lengths]).astype(np.float32)
    slices = replace(slices, patients=patients, gap_mm=gap_mm)
    fold = np.unique(patients, return_inverse=True)[1] % 2
    scored = np.concatenate([np.flatnonzero(fold == 1), np.flatnonzero(fold == 0)])
    present = slices.present(2940.0)
    scores = (rng.normal(0, 1, present.shape) + 2 * present).astype(np.float32)[scored]
    given = (
        CNNF(4, width=1 / 32, dense=8),
        make_head(SMALL, slices),
        slices,
        SMALL,
        scored,
        scores,
        "held out",
        fold[scored],
    )
    training = decided(*given)
    alone = fit_decisions(scores, present[scored], centred=True)
    assert training.decisions == along_scans(alone, scores, present[scored], gap_mm[scored])
    assert training.decisions != alone
    of_others = {
        own: along_scans(
            fit_decisions(scores[fold[scored] != own], present[fold == 1 - own], centred=True),
            scores[fold[scored] != own],
            present[fold == 1 - own],
            gap_mm[fold == 1 - own],
        )
        for own in (0, 1)
    }
    found, right = [], np.zeros(4, int)
    for patient in np.unique(patients):
        (own,) = set(fold[patients == patient])
        rows = np.flatnonzero(patients[scored] == patient)
        for scan in np.split(rows, np.flatnonzero(gap_mm[scored][rows] == 0)[1:]):
            curve = along(probabilities(of_others[own], scores[scan]), gap_mm[scored][scan])
            shown = curve >= [one.threshold for one in of_others[own]]
            likely = [
                one.scan_probability(top) >= one.scan_threshold
                for one, top in zip(of_others[own], curve.max(0), strict=True)
            ]
            right += (shown.any(0) & likely) == present[scored][scan].any(0)
            found.append((shown, present[scored][scan]))
    shown, truth = (np.concatenate(part) for part in zip(*found, strict=True))
    assert training.along == AlongScans(agreement(truth, shown).f1, 12, tuple(right.tolist()))
    monkeypatch.setattr(
        "LungCAD.train.detection.outcome.detection_scores", partial(detection_scores, rounds=2)
    )
    for known in (slices, replace(slices, gap_mm=None)):
        training, folder = decided(*given[:2], known, *given[3:]), tmp_path / str(known.gap_mm is None)
        folder.mkdir()
        write_outcome(folder, training, known, None, SMALL, "command")
        told = "of 12 scans so many are told rightly" in (folder / "MODEL_CARD.md").read_text(
            encoding="utf-8"
        )
        assert told == (training.along is not None) == (known is slices)
