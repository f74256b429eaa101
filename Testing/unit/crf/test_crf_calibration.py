"""Calibration finds what helps, and scores only what was not drawn."""

from __future__ import annotations

import json

import numpy as np
import pytest

from LungCAD.crf import CRFParameters
from LungCAD.crf.calibration import CalibrationCase, calibrate

SLICE = CRFParameters(mode="slice")


def calibration_case(make_case, seed):
    """Two classes that fill the image's halves; the unary errs at a quarter of the pixels."""
    case = make_case((1, 40, 44), classes=2, seed=seed)
    truth = np.broadcast_to((np.arange(40)[:, None] > 20).astype(int), case.mask.shape).copy()
    believed = np.where(np.random.default_rng(seed).random(truth.shape) < 0.25, 1 - truth, truth)
    probabilities = np.where(np.arange(2)[:, None, None, None] == believed, 0.7, 0.3)
    constraints = case.free
    constraints[0, 18:20, 8:14] = 0
    return CalibrationCase(
        probabilities,
        case.hu,
        case.mask,
        case.lungs,
        case.spacing,
        constraints,
        np.where(case.mask, truth, -1),
    )


def test_smoothing_is_found_where_noise_is_the_trouble(make_case):
    cases = [calibration_case(make_case, seed) for seed in range(2)]
    seen = []
    result = calibrate(
        cases,
        {"smoothness_weight": (0.0, 2.0), "appearance_weight": (0.0, 30.0)},
        SLICE,
        lambda fraction, message: seen.append(fraction),
    )
    assert result.best.smoothness_weight == 2.0
    assert result.best.appearance_weight == 0.0
    assert result.best.mode == "slice"
    assert len(result.trials) == 4
    assert [trial.mean for trial in result.trials] == sorted((t.mean for t in result.trials), reverse=True)
    assert result.trials[0].worst > max(result.unary.scores) + 0.1
    assert seen[-1] == 1
    json.dumps(result.evidence())


def test_the_unary_alone_scores_as_no_weights_do(make_case):
    result = calibrate(
        [calibration_case(make_case, 3)], {"smoothness_weight": (0.0,), "appearance_weight": (0.0,)}, SLICE
    )
    assert result.trials[0].scores == pytest.approx(result.unary.scores)


def test_known_settings_are_scored_beside_the_grid(make_case):
    smooth = CRFParameters(mode="slice", appearance_weight=0.0, smoothness_weight=2.0)
    result = calibrate(
        [calibration_case(make_case, 0)],
        {"smoothness_weight": (0.0, 2.0), "appearance_weight": (0.0,)},
        SLICE,
        known={"smooth": smooth},
    )
    assert result.known["smooth"].scores == result.trials[0].scores
    assert len(result.trials) == 2
    assert result.evidence()["known"]["smooth"]["mean"] == result.trials[0].mean


def test_drawn_voxels_are_not_scored(make_case):
    case = calibration_case(make_case, 0)
    grid = {"smoothness_weight": (2.0,)}
    before = calibrate([case], grid, SLICE).trials[0].scores
    case.truth[case.constraints >= 0] = 1
    assert calibrate([case], grid, SLICE).trials[0].scores == before


def test_no_case_and_bad_grid(make_case):
    with pytest.raises(ValueError, match=r"^cases "):
        calibrate([], {}, SLICE)
    with pytest.raises(ValueError, match="theta_beta"):
        calibrate([calibration_case(make_case, 0)], {"theta_beta": (-1.0,)}, SLICE)
