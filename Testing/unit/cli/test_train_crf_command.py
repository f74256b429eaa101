"""`lungcad train crf` as a user runs it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from LungCAD.cli import main
from LungCAD.cli.train import crf
from LungCAD.crf.calibration import CalibrationCase


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Two halves instead of a thorax, two settings instead of a grid."""
    monkeypatch.setattr(crf, "make_case", halves)
    grid = {"appearance_weight": (0.0,), "smoothness_weight": (0.0, 2.0), "theta_gamma": (1.5,)}
    monkeypatch.setattr(crf, "GRID", grid)


def halves(seed, part_drawn):
    truth = np.broadcast_to((np.arange(40)[:, None] > 20).astype(int), (1, 40, 44))
    believed = np.where(np.random.default_rng(seed).random(truth.shape) < 0.25, 1 - truth, truth)
    probabilities = np.where(np.arange(2)[:, None, None, None] == believed, 0.7, 0.3)
    hu, mask = np.full(truth.shape, -800.0), np.ones(truth.shape, bool)
    return CalibrationCase(
        probabilities, hu, mask, mask.astype(int), (2.0, 0.7, 0.7), np.full(truth.shape, -1), truth
    )


def test_the_best_settings_and_their_evidence_are_written(tmp_path, capsys):
    path = tmp_path / "crf.json"
    assert main(["train", "crf", "--studies", "2", "--workers", "1", "--quiet", "-o", str(path)]) == 0
    evidence = json.loads(path.read_text(encoding="utf-8"))
    assert evidence["best"]["smoothness_weight"] == 2.0
    assert evidence["seeds"] == [100, 101]
    assert set(evidence["known"]) == {"paper", "calibrated"}
    assert evidence["trials"][0]["mean"] > evidence["unary"]["mean"]
    assert evidence["trials"][1]["scores"] == pytest.approx(evidence["unary"]["scores"])
    table = capsys.readouterr().out
    assert "unary alone" in table
    assert "paper" in table
    assert table.index("smoothness_weight 2") < table.index("smoothness_weight 0")


def test_bad_options_leave_everything_as_it_was(tmp_path, capsys):
    path = tmp_path / "crf.json"
    path.write_text("{}")
    assert main(["train", "crf", "-o", str(path)]) == 2
    assert main(["train", "crf", "--studies", "0", "--overwrite", "-o", str(path)]) == 2
    assert main(["train", "crf", "--drawn", "1.5", "--overwrite", "-o", str(path)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == "{}"
