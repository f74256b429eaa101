"""How curves along scans and whole scans are read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score

from LungCAD.tasks.detection_input import Decision
from LungCAD.train.detection.scan_decisions import along, along_scans


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
