"""Disease slice by slice as jobs: the same findings as the method's, the network kept, bad input by name."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.report.findings import Findings
from LungCAD.tasks.ild_detection import IldDetectionParameters, run
from LungCAD.worker import in_process
from LungCAD.worker.cache import Cache
from LungCAD.worker.jobs import detection, load_job
from LungCAD.worker.plain import from_plain
from Testing.slicer.spot_network import CODES, chest, chest_image, save_spot_network

SPOTS = {CODES[0]: (range(9, 12), (70, 50))}


@pytest.fixture(scope="module")
def parameters(tmp_path_factory):
    weights = save_spot_network(tmp_path_factory.mktemp("spots") / "spots.safetensors")
    return {"weights": str(weights), "device": "cpu"}


def test_what_comes_back(parameters):
    ct = chest_image(chest(SPOTS))
    result, expected = (
        in_process.run("detect", {"ct": ct}, parameters),
        run(ct, IldDetectionParameters(**parameters)),
    )
    assert from_plain(Findings, result.data["findings"]) == expected.findings
    assert result.data["warnings"] == list(expected.warnings) and result.data["model"] == "Spots"
    assert set(result.images) == set(CODES)
    for code, image in result.images.items():
        np.testing.assert_array_equal(
            sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(expected.heat_map(code))
        )


def test_the_network_is_loaded_once(parameters, monkeypatch):
    cache, loaded, make = Cache(), [], detection.Detector
    monkeypatch.setattr(detection, "Detector", lambda chosen: loaded.append(chosen) or make(chosen))
    for smoothing in (0.0, 5.0):
        job, chosen = load_job("detect"), {**parameters, "smoothing_mm": smoothing, "heat_maps": False}
        result = job({"ct": chest_image(chest(SPOTS))}, chosen, lambda *_: None, cache)
        assert not result.images
    assert len(loaded) == 1


def test_a_kept_network_sees_both_sides_when_it_is_told_to(parameters):
    cache, ct = Cache(), chest_image(chest({CODES[1]: (range(14, 17), (90, 112))}))
    said = []
    for mirrored in (True, False):
        chosen = {**parameters, "mirrored": mirrored}
        result = in_process.run("detect", {"ct": ct}, chosen, cache=cache)
        said.append(from_plain(Findings, result.data["findings"]))
        assert said[-1] == run(ct, IldDetectionParameters(**chosen)).findings
    assert said[0] != said[1]


def test_a_network_that_was_trained_further(tmp_path):
    cache, ct, weights = Cache(), chest_image(chest(SPOTS)), tmp_path / "spots.safetensors"
    for threshold in (0.5, 0.25):
        weights.unlink(missing_ok=True)
        save_spot_network(weights, threshold)
        result = in_process.run("detect", {"ct": ct}, {"weights": str(weights), "device": "cpu"}, cache=cache)
        findings = from_plain(Findings, result.data["findings"])
        assert {disease.threshold for disease in findings.diseases} == {threshold}


def test_how_it_was_scanned(parameters):
    result = in_process.run(
        "detect", {"ct": chest_image(chest({}))}, {**parameters, "facts": {"slice_thickness_mm": 7.0}}
    )
    assert any("7 mm thick" in warning for warning in result.data["warnings"])


def test_bad_input(parameters, tmp_path):
    with pytest.raises(InputError, match="ct: is missing"):
        in_process.run("detect", {}, parameters)
    with pytest.raises(InputError, match="no parameter of this method"):
        in_process.run("detect", {"ct": chest_image(chest({}))}, {**parameters, "speed": 3})
    with pytest.raises(InputError, match="holds no folders"):
        places = {"source": str(tmp_path), "output": str(tmp_path / "out")}
        in_process.run("detect_folder", {}, {**parameters, **places})
