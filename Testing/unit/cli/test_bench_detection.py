"""The benchmark of detection, small: its rows are there and make sense."""

from __future__ import annotations

import json

import numpy as np
import pytest

from LungCAD.cli import main
from LungCAD.cli.bench.detection import FINDINGS, PATCHES, _scans, thin_scan, untrained_network
from LungCAD.errors import InputError
from LungCAD.tasks.ild_detection import Detector, IldDetectionParameters
from Testing.slicer.spot_network import save_spot_network


@pytest.mark.slow
def test_rows(tmp_path, capsys):
    weights, file = untrained_network(tmp_path / "random.safetensors"), tmp_path / "rows.json"
    words = ["--slices", "20", "--size", "160", "--rounds", "1", "--patients", "1", "--threads", "1"]
    assert main(["bench", "detection", *words, "--weights", str(weights), "--json", str(file)]) == 0
    rows = json.loads(file.read_text(encoding="utf-8"))
    assert rows["speed"][FINDINGS]["slices_per_s"] > 0 < rows["speed"][PATCHES]["slices_per_s"]
    assert rows["fisher"]["difference"] < 1e-3
    quality = rows["quality"]
    assert quality["single slices"]["slices"] == 32 and quality["patients"] == 1
    assert set(quality["scans"]) == {"ground_glass", "reticulation", "honeycombing", "emphysema"}
    assert "slices/s" in capsys.readouterr().out


def test_a_network_for_other_diseases(tmp_path):
    from LungCAD.cli.bench.detection import score

    parameters = IldDetectionParameters(weights=str(save_spot_network(tmp_path / "spots.safetensors")))
    with pytest.raises(InputError, match="does not tell"):
        score(parameters, Detector(parameters), 1, lambda *_: None)


def test_verdicts_are_counted():
    found = np.array([[0.9] * 4, [0.2] * 4, [0.8] * 4])
    present = np.array([[True] * 4, [True] * 4, [False] * 4])
    row = _scans(found, present, [0.5] * 4)["emphysema"]
    assert row == {"present": 2, "right": 1, "missed": 1, "false_alarms": 1, "auc": 0.5}


def test_the_scan_to_time_shows_lungs():
    ct, lungs = thin_scan(30, 120)
    assert ct.GetSize() == (120, 120, 30) and lungs.shape == (30, 120, 120)
    assert 0.05 < (lungs > 0).mean() < 0.5
