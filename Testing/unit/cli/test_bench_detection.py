"""The benchmark of detection, small: its rows are there and make sense."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.cli import main
from LungCAD.cli.bench import detection_quality
from LungCAD.cli.bench.detection import _generators, untrained_network
from LungCAD.cli.bench.detection_places import Peak, peak_of, peaks, summary
from LungCAD.cli.bench.detection_quality import _scans, cross_score, score
from LungCAD.cli.bench.detection_timing import FINDINGS, PATCHES, thin_scan
from LungCAD.errors import InputError
from LungCAD.labels import load_schema
from LungCAD.report.findings import Finding, SliceRange
from LungCAD.tasks.ild_detection import Detector, IldDetectionParameters
from Testing.slicer.spot_network import save_spot_network


@pytest.mark.slow
def test_rows(tmp_path, capsys):
    weights, file = untrained_network(tmp_path / "random.safetensors"), tmp_path / "rows.json"
    words = ["--slices", "20", "--size", "160", "--rounds", "1", "--patients", "2", "--mimics"]
    words += ["--threads", "1", "--cross", "Testing/second_generator.py", "--cross-studies", "1"]
    assert main(["bench", "detection", *words, "--weights", str(weights), "--json", str(file)]) == 0
    rows = json.loads(file.read_text(encoding="utf-8"))
    assert rows["speed"][FINDINGS]["slices_per_s"] > 0 < rows["speed"][PATCHES]["slices_per_s"]
    assert rows["fisher"]["difference"] < 1e-3
    quality = rows["quality"]
    assert quality["single slices"]["slices"] == 64 and quality["patients"] == 2 and quality["mimics"]
    assert quality["difficulty"]["patients"] == 2 and not quality["difficulty"]["passed"]
    assert set(rows["cross"]) == {"disease as in patients", "every disease in every scan"}
    assert all(set(row) == {"ground_glass", "fibrosis", "emphysema"} for row in rows["cross"].values())
    assert set(quality["scans"]) == {"ground_glass", "reticulation", "honeycombing", "emphysema"}
    assert set(quality["heat_maps"]) == set(quality["scans"])
    assert "slices/s" in capsys.readouterr().out


def test_a_network_for_other_diseases(tmp_path):
    parameters = IldDetectionParameters(weights=str(save_spot_network(tmp_path / "spots.safetensors")))
    with pytest.raises(InputError, match="does not tell"):
        score(parameters, Detector(parameters), 1, lambda *_: None)


def test_a_generator_without_patients(tmp_path):
    file = tmp_path / "other.py"
    file.write_text("def make_study(seed): ...\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"needs make_patient\(seed\)"):
        _generators(str(file))


def test_verdicts_are_counted():
    shown = (SliceRange(1, 1, 0, 0, 1, 0.9),)
    verdicts = [
        [Finding("x", "X", (0, 0, 0), 0.4, probability, shown, 0.9, 0.5)] * 4
        for probability in (0.9, 0.2, 0.8)
    ]
    present = np.array([[True] * 4, [True] * 4, [False] * 4])
    row = _scans(verdicts, present)["emphysema"]
    counts = {"present": 2, "right": 1, "missed": 1, "false_alarms": 1, "doubtful": 1, "auc": 0.5}
    calibration = {"expected": 1.9, "brier": 0.43, "brier_of_prevalence": 0.222}
    assert row == counts | calibration  # (0.1² + 0.8² + 0.8²) / 3 and 2/3 · 1/3


def test_another_generators_fibrosis_is_reticulation_or_honeycombing(monkeypatch):
    """Slices 0 to 3 show nothing, ground glass, fibrosis and fibrosis; one of these is told as either."""
    labels = np.zeros((4, 80, 80), np.uint8)
    labels[0] = 1
    labels[1], labels[2:] = 3, 4  # of gao5, each 6,400 mm2
    told = [(0.1, 0.1, 0.1, 0.1), (0.9, 0.2, 0.1, 0.1), (0.3, 0.8, 0.1, 0.1), (0.4, 0.2, 0.7, 0.6)]
    findings = SimpleNamespace(slices=[SimpleNamespace(smoothed=row) for row in told])
    monkeypatch.setattr(detection_quality, "detect", lambda *_, **__: SimpleNamespace(findings=findings))
    image = sitk.GetImageFromArray(labels)
    detector = SimpleNamespace(thresholds=(0.5,) * 4)
    rows = cross_score(
        IldDetectionParameters(),
        detector,
        lambda seed: SimpleNamespace(ct=image, labels=image),
        2,
        lambda *_: None,
    )
    assert rows["fibrosis"] == {"slices": 4, "auc": 1.0, "f1": 1.0}
    assert rows["ground_glass"] == {"slices": 2, "auc": 1.0, "f1": 1.0}
    assert rows["emphysema"] == {"slices": 0, "auc": None, "f1": 0.0}


def test_a_peak_lies_to_the_disease_as_every_distance_says():
    rng = np.random.default_rng(0)
    disease, lungs = np.zeros((40, 50), bool), np.zeros((40, 50), bool)
    disease[10:14, 20:23], lungs[5:35, 5:45] = True, True
    own, other = np.argwhere(disease), np.argwhere(lungs)
    mm = np.array([3.0, 2.0])
    far = np.linalg.norm((other[:, None] - own) * mm, axis=2).min(1)
    for row, column in rng.integers((0, 0), (40, 50), (30, 2)):
        heat = rng.random((40, 50)) * 0.5
        heat[row, column] = 1
        away = np.linalg.norm(([row, column] - own) * mm, axis=1).min()
        assert peak_of(heat, disease, lungs, mm) == Peak(away <= 15, pytest.approx((far <= 15).mean()))
    assert not peak_of(np.zeros((40, 50)), np.ones((40, 50), bool), lungs, mm).near


def test_peaks_of_all_studies_are_put_together():
    one, two = {"a": [Peak(True, 0.25)], "b": []}, {"a": [Peak(False, 0.75), Peak(True, 0.5)], "b": []}
    rows = dict(summary([one, two]))
    assert rows["a"] == {"slices": 3, "near": 0.667, "by_chance": 0.5}
    assert rows["b"] == {"slices": 0, "near": None, "by_chance": None}


def test_peaks_are_those_of_slices_that_show_disease_and_are_told_so():
    """Feet last, as the study is stored; the second slice has the disease, the third is only said to."""
    labels = np.zeros((3, 20, 20), np.uint8)
    labels[1, 5, 5] = load_schema("ltrc5").by_code("emphysema").value
    study = SimpleNamespace(**{name: upside_down(labels) for name in ("ct", "labels", "lungs")})
    heat = np.zeros((3, 20, 20), np.uint8)
    heat[:, 5, 6] = 90
    readings = [SimpleNamespace(probability=p) for p in ((), (0.9,), (0.9,))]
    disease = SimpleNamespace(code="emphysema", threshold=0.5)
    found = SimpleNamespace(
        findings=SimpleNamespace(diseases=[disease], slices=readings), heat_map=lambda _: upside_down(heat)
    )
    rows = peaks(study, found, load_schema("ltrc5"), np.array([[False], [True], [False]]))
    assert rows == {"emphysema": [Peak(True, 1.0)]}


def upside_down(values):
    """Return values (feet first) as an image whose first slice is the highest."""
    image = sitk.GetImageFromArray(values)
    return sitk.DICOMOrient(image, "LPI")


def test_the_scan_to_time_shows_lungs():
    ct, lungs = thin_scan(30, 120)
    assert ct.GetSize() == (120, 120, 30) and lungs.shape == (30, 120, 120)
    assert 0.05 < (lungs > 0).mean() < 0.5
