"""The jobs for radiographs, by the worker's in-process twin."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from LungCAD.errors import Cancelled, InputError
from LungCAD.weights import load_network, save_network
from LungCAD.worker.cache import Cache
from LungCAD.worker.in_process import run
from Testing.slicer.dark_network import chest, save_dark_network


@pytest.fixture(scope="module")
def method(tmp_path_factory):
    weights = save_dark_network(tmp_path_factory.mktemp("weights") / "dark.safetensors")
    return {"weights": str(weights), "bone": "bright", "device": "cpu"}


def film(spacing=(0.5, 0.5)):
    image = sitk.GetImageFromArray(chest().astype(np.float32) / 255)
    image.SetSpacing(spacing)
    return image


def test_one_film(method):
    result = run("xray", {"film": film()}, method)
    labels = sitk.GetArrayFromImage(result.images["labels"])
    assert set(np.unique(labels)) == {0, 1, 2}
    assert all(image.GetSpacing() == (0.5, 0.5) for image in result.images.values())
    pixels = [np.count_nonzero(labels == side) for side in (1, 2)]
    assert result.data["area_px"] == pixels
    assert result.data["area_cm2"] == pytest.approx([0.0025 * count for count in pixels])
    assert result.data["flags"] == []
    assert run("xray", {"film": film((1.0, 1.0))}, method).data["area_cm2"] is None


def test_the_network_is_loaded_once(method, monkeypatch):
    from LungCAD.worker.jobs import xray

    loaded = []
    monkeypatch.setattr(
        xray,
        "XraySegmenter",
        lambda parameters, make=xray.XraySegmenter: loaded.append(1) or make(parameters),
    )
    cache = Cache()
    for mirrored in (False, False, True):
        run("xray", {"film": film()}, {**method, "mirrored": mirrored}, cache=cache)
    assert len(loaded) == 2


def test_weights_that_were_trained_further_are_loaded_anew(method, tmp_path):
    weights = tmp_path / "own.safetensors"
    weights.write_bytes(Path(method["weights"]).read_bytes())
    own, cache = {**method, "weights": str(weights)}, Cache()
    before = run("xray", {"film": film()}, own, cache=cache).data["area_px"]
    network, description = load_network(weights)
    network.float().classifier.bias.data[0] = 100  # nothing is lung
    weights.unlink()
    save_network(network, description, weights)
    os.utime(weights, (0, 0))
    after = run("xray", {"film": film()}, own, cache=cache).data["area_px"]
    assert min(before) > 0 and after == [0, 0]


def test_bad_input(method):
    for inputs, parameters, words in (
        ({}, method, "film: is missing"),
        ({"film": film()}, {**method, "weights": "no-such"}, "no-such: is not among the shipped"),
        ({"film": film()}, {**method, "colour": 3}, "colour"),
    ):
        with pytest.raises(InputError, match=words):
            run("xray", inputs, parameters)


@pytest.mark.parametrize("listed", [False, True])
def test_a_folder_or_list_is_gone_on_with(method, tmp_path, listed):
    films, out = tmp_path / "films", tmp_path / "out"
    films.mkdir()
    for number in range(20):
        Image.fromarray(chest()).save(films / f"{number:02}.png")
    (films / "broken.png").write_bytes(b"no picture")
    names = sorted(path.name for path in films.iterdir())
    table = tmp_path / "films" / "list.csv"

    def stop_half_way(fraction, _message):
        if fraction > 0.5:
            raise Cancelled

    if listed:
        table.write_text("\n".join(["image", *names]), encoding="utf-8")
    parameters = {**method, "source": str(table if listed else films), "output": str(out)}
    with pytest.raises(Cancelled):
        run("xray_folder", {}, parameters, stop_half_way)
    with (out / "results.csv").open(newline="") as file:
        done = [row["image"] for row in csv.DictReader(file)]
    assert 0 < len(done) < 20 and not (out / "report.html").exists()
    data = run("xray_folder", {}, parameters).data
    assert data["films"] == 21 and list(data["failed"]) == ["broken.png"]
    assert (out / "report.html").exists() and data["report"] == str(out / "report.html")
    with pytest.raises(InputError, match="exists already"):
        run("xray_folder", {}, parameters)
