"""Curves and confusion against brute force and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix as reference_confusion

from LungCAD.report.evaluation import confusion_matrix, expansion_curve, risk_coverage


def test_risk_coverage_against_brute_force():
    rng = np.random.default_rng(0)
    confidence = rng.permutation(np.linspace(0.3, 1, 150))
    correct = rng.random(150) < confidence
    curve = risk_coverage(confidence, correct)
    assert len(curve.coverage) == 150
    for coverage, risk in zip(curve.coverage, curve.risk, strict=True):
        kept = np.argsort(-confidence)[: round(coverage * 150)]
        assert risk == pytest.approx(np.mean(~correct[kept]))
    assert curve.coverage[-1] == 1
    assert curve.risk[-1] == pytest.approx(np.mean(~correct))


def test_equal_confidences_stay_together():
    curve = risk_coverage(np.array([1, 1, 1, 0.5]), np.array([False, True, True, True]))
    assert curve.coverage.tolist() == [0.75, 1.0]
    assert curve.risk == pytest.approx([1 / 3, 1 / 4])


def test_long_curves_are_thinned_to_their_ends():
    rng = np.random.default_rng(1)
    curve = risk_coverage(rng.random(100_000), rng.random(100_000) < 0.9)
    assert len(curve.coverage) <= 200
    assert curve.coverage[-1] == 1
    assert curve.risk[-1] == pytest.approx(0.1, abs=0.01)


def test_risk_coverage_needs_values():
    with pytest.raises(ValueError, match="0 values"):
        risk_coverage(np.array([]), np.array([]))
    with pytest.raises(ValueError, match="correct 2"):
        risk_coverage(np.ones(3), np.ones(2, bool))


def test_expansion_against_brute_force():
    posterior = np.append(np.random.default_rng(2).random(500), [0.9, 0.9, 1.0])
    curve = expansion_curve(posterior, 40)
    for threshold, factor in zip(curve.threshold, curve.factor, strict=True):
        assert factor == pytest.approx(np.sum(posterior >= threshold) / 40)
    with pytest.raises(ValueError, match="drawn_voxels"):
        expansion_curve(posterior, 0)


def test_confusion_against_scikit_learn():
    rng = np.random.default_rng(3)
    truth, labels = rng.choice([2, 3, 7], 1000), rng.choice([2, 3, 7], 1000)
    counts = confusion_matrix(truth, labels, (2, 3, 7))
    assert np.array_equal(counts[:, :3], reference_confusion(truth, labels, labels=[2, 3, 7]))
    assert not counts[:, 3].any()


def test_confusion_keeps_unlabelled_apart_and_drops_unknown_truth():
    counts = confusion_matrix(np.array([1, 1, 0, 255, 4]), np.array([0, 4, 1, 1, 255]), (1, 4))
    assert counts.tolist() == [[0, 1, 1], [0, 0, 1]]
