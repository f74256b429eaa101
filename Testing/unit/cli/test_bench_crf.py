"""`lungcad bench crf` on images so small that only its logic is tested."""

from __future__ import annotations

import argparse
import json

import numpy as np
import pytest

from LungCAD.cli.bench import crf
from LungCAD.cli.bench.crf_cases import make_case
from LungCAD.cli.bench.crf_rivals import FAST, PAPER, exact, ours
from LungCAD.cli.bench.crf_timing import alone, errors, in_turns, times
from LungCAD.errors import InputError

SMALL = (1, 40, 44)


def options(*words):
    parser = argparse.ArgumentParser()
    crf.add_arguments(parser)
    return parser.parse_args(words)


def test_cases_are_two_lungs_with_a_unary():
    case = make_case((6, 60, 64), 3)
    assert case.inside.shape == (3, case.mask.sum())
    np.testing.assert_allclose(case.inside.sum(0), 1, atol=1e-5)
    assert not case.mask[:, :, 32].any()
    assert case.mask[:, :, :32].any()
    assert case.mask[:, :, 32:].any()
    assert -1024 <= case.hu.min() < -900
    np.testing.assert_array_equal(make_case((6, 60, 64), 3).hu, case.hu)


def test_rivals_take_turns_and_the_first_round_does_not_count():
    order = []
    rivals = {name: lambda case, name=name: order.append(name) for name in "ab"}
    seconds = in_turns(rivals, make_case(SMALL, 2), rounds=2)
    assert order == ["a", "b"] * 3
    assert [len(values) for values in seconds.values()] == [2, 2]


def test_speed_is_the_median_of_the_rounds_ratios():
    table = times({"ours": [1.0, 2.0, 10.0], "theirs": [3.0, 4.0, 10.0]}, "theirs")
    assert table["ours"]["speed against theirs"] == 2.0
    assert table["ours"]["median_ms"] == 2000.0
    assert table["theirs"]["speed against theirs"] == 1.0


def test_errors_are_those_against_all_pairs():
    case = make_case(SMALL, 3)
    table = errors({"plain": ours(PAPER, 1), "accelerated": ours(FAST, 1), "self": exact}, case, exact(case))
    assert table["self"]["largest_error"] == 0
    assert 0 < table["plain"]["mean_error"] < 1.5e-4
    assert table["accelerated"]["labels_equal"] > 0.99


def test_a_fresh_process_reports_time_and_memory():
    figures = alone(SMALL, 2, PAPER, 1)
    assert figures["voxels"] == make_case(SMALL, 2).voxels
    assert figures["seconds"] > 0
    assert 0 <= figures["peak_over_input_gb"] < figures["peak_gb"] < 4


def test_everything_is_measured_and_written(tmp_path, monkeypatch, capsys):
    for name, shape in (("SLICE", SMALL), ("SMALL_SLICE", SMALL), ("SMALL_VOLUME", (4, 24, 28))):
        monkeypatch.setattr(crf, name, shape)
    monkeypatch.setattr(crf, "ROI", (slice(0, 1), slice(18, 22), slice(10, 14)))
    monkeypatch.setattr(crf, "CLASSES", (2,))
    monkeypatch.setattr(crf, "alone", lambda *arguments: {"voxels": 1, "seconds": 1.0, "peak_gb": 1.0})
    path = tmp_path / "crf.json"
    assert crf.run(options("--rounds", "1", "--json", str(path))) == 0
    written = json.loads(path.read_text(encoding="utf-8"))
    assert {"error, slice", "error, volume", "volume", "whole lung", "gpu"} <= set(written)
    assert written["error, volume"]["plain"]["mean_error"] < 1.5e-4
    assert written["time, update after a drawn region"]["drawn voxels"] == 16
    assert "whole lung" in capsys.readouterr().out


def test_bad_options():
    with pytest.raises(InputError, match="rounds"):
        crf.run(options("--rounds", "0"))
