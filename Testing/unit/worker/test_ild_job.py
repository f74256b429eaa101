"""The job for interstitial lung disease, by the worker's in-process twin."""

from __future__ import annotations

import json

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.errors import Cancelled, InputError
from LungCAD.images import same_geometry
from LungCAD.labels import Provenance
from LungCAD.worker.cache import Cache
from LungCAD.worker.in_process import run
from LungCAD.worker.jobs import ild
from Testing.slicer.density_network import DenseLungs, save_density_network


@pytest.fixture(scope="module")
def lungs():
    return DenseLungs(slices=2)


@pytest.fixture
def method(tmp_path):
    return {"weights": str(save_density_network(tmp_path / "density.safetensors")), "device": "cpu"}


def inputs(lungs):
    return {"ct": lungs.image(lungs.hu), "lungs": lungs.image(lungs.lungs)}


def test_images_and_data(lungs, method):
    result = run("ild", inputs(lungs), {**method, "facts": {"slice_thickness_mm": 7.0}})
    labels, provenance = (sitk.GetArrayFromImage(result.images[name]) for name in ("labels", "provenance"))
    assert (labels == lungs.truth).mean() > 0.999
    np.testing.assert_array_equal(provenance, np.where(lungs.lungs > 0, Provenance.MODEL, 0))
    assert all(same_geometry(image, inputs(lungs)["ct"]) for image in result.images.values())
    assert result.data["schema"] == "lungnet6"
    assert any("7 mm thick" in warning for warning in result.data["warnings"])
    json.dumps(result.data)


def test_the_network_is_loaded_once_until_its_file_changes(lungs, method, monkeypatch):
    loaded, load = [], ild.IldNetwork.load
    monkeypatch.setattr(ild.IldNetwork, "load", lambda *words: loaded.append(words) or load(*words))
    cache = Cache()
    for refine in ("none", "crf2d"):
        run("ild", inputs(lungs), {**method, "refine": refine}, cache=cache)
    assert len(loaded) == 1
    save_density_network(method["weights"], overwrite=True)
    run("ild", inputs(lungs), method, cache=cache)
    assert len(loaded) == 2


def test_bad_input(lungs, method):
    for given, parameters, words in (
        ({}, method, "CT: is missing"),
        (inputs(lungs), {**method, "weights": "no-such"}, "no-such: is not among the shipped"),
        (inputs(lungs), {**method, "colour": 3}, "colour"),
    ):
        with pytest.raises(InputError, match=words):
            run("ild", given, parameters)


def test_stopped(lungs, method):
    def stop(fraction, message):
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        run("ild", inputs(lungs), method, stop)
