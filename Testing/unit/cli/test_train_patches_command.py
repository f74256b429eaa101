"""`lungcad train patches` as a user runs it, and `lungcad propagate` with what it wrote."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from LungCAD.cli import main
from LungCAD.errors import InputError
from LungCAD.images import write_image, write_segmentation
from LungCAD.labels import load_schema
from LungCAD.networks import AlexNet
from LungCAD.weights import load_network
from LungCAD.weights.registry import WeightsEntry

WRITTEN = {"MODEL_CARD.md", "cross_validation.json", "network.safetensors", "table.csv", "table.md"}
QUICK = ("--width", "0.1", "--epochs", "1", "--device", "cpu")


@pytest.fixture
def archive(tmp_path):
    rng = np.random.default_rng(0)
    label = np.arange(24) % 2
    hu = np.where(label == 1, -600, -850)[:, None, None] + rng.normal(0, 20, (24, 10, 10))
    path = tmp_path / "doe_john.npz"
    patient = np.arange(24) // 4
    np.savez(
        path, hu=hu.astype(np.int16), label=label, classes=np.array(["NT", "ground_glass"]), patient=patient
    )
    return path


@pytest.fixture
def words(archive, tmp_path):
    def words(*more, out="out"):
        return [
            *("train", "patches", "--npz", str(archive), "--rename", "NT=healthy"),
            *(*QUICK, *more, "-o", str(tmp_path / out)),
        ]

    return words


def refuse(capsys, words):
    assert main([*words, "--quiet"]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_a_network_brings_its_own_schema(words, tmp_path):
    labels = [
        {"value": value, "code": code, "name": code, "color": [value, 0, 0]}
        for value, code in ((3, "ground_glass"), (7, "healthy"))
    ]
    mine = tmp_path / "mine.json"
    mine.write_text(json.dumps({"name": "mine", "title": "Mine", "labels": labels}))
    schema = load_schema(mine)
    assert main(words("--schema", str(mine), "--quiet")) == 0
    mine.unlink()
    network = tmp_path / "out" / "network.safetensors"
    assert load_schema(load_network(network)[1].schema) == schema
    with pytest.raises(InputError, match="trained for the schema mine"):
        load_network(network, schema=load_schema("emphysema3"))


def test_everything_is_written_and_says_what_it_is(words, archive, tmp_path, capsys):
    assert main(words("--licence", "CC BY 4.0", "--seed", "7")) == 0
    assert "Total accuracy" in capsys.readouterr().out
    out = tmp_path / "out"
    assert {path.name for path in out.iterdir()} == WRITTEN
    _, description = load_network(out / "network.safetensors", schema=load_schema("gao5"))
    assert description.classes == ("healthy", "ground_glass")
    assert description.schema == "gao5"
    assert description.input["patch_px"] == description.input["image_px"] == 10
    card = (out / "MODEL_CARD.md").read_text(encoding="utf-8")
    for part in ("CC BY 4.0", "seed 7", "2-fold cross-validation by patient", "92.8 %", "--npz NPZ"):
        assert part in card
    assert str(tmp_path) not in card
    record = json.loads((out / "cross_validation.json").read_text(encoding="utf-8"))
    assert np.sum(record["total"]["counts"]) == 24
    assert record["data"]["patients"] == 6
    assert len(record["folds"]) == 2
    assert record["parameters"]["seed"] == 7


def test_phantoms_are_called_synthetic(tmp_path, monkeypatch):
    def small(parameters):
        from LungCAD.phantom.study import PhantomStudy

        labels = np.zeros((1, 64, 80), np.uint8)
        labels[:, :, :40], labels[:, :, 40:] = 1, 4
        hu = np.where(labels == 1, -850, -300).astype(np.int16)
        return PhantomStudy(*map(sitk.GetImageFromArray, (hu, labels, labels)), parameters=parameters)

    monkeypatch.setattr("LungCAD.cli.train.patches.make_study", small)
    out, words = tmp_path / "out", ["train", "patches", "--phantoms", "3", *QUICK]
    assert main([*words, "--workers", "1", "-o", str(out), "--quiet"]) == 0
    assert "Trained on synthetic data" in (out / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert load_network(out / "network.safetensors")[1].card.synthetic


def test_alexnet_is_fine_tuned_from_a_local_imagenet_file(words, tmp_path, monkeypatch):
    torch.manual_seed(0)
    published = AlexNet(1000, width=1 / 32)
    file = tmp_path / "alexnet.pth"
    torch.save(published.state_dict(), file)
    digits = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
    entry = WeightsEntry("alexnet-imagenet", "alexnet", "no-address", digits, "CC0", "a test")
    monkeypatch.setenv("LUNGCAD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("LungCAD.cli.train.patches.registered", lambda name: entry)
    options = ("--architecture", "alexnet", "--width", str(1 / 32), "--learning-rate", "1e-12")
    assert main([*words(*options, "--imagenet", str(file)), "--quiet"]) == 0
    network, description = load_network(tmp_path / "out" / "network.safetensors", schema=load_schema("gao5"))
    assert description.input["image_px"] == 224
    torch.testing.assert_close(network.features[10].weight, published.features[10].weight)
    assert network.classifier[6].out_features == 2
    assert "--imagenet IMAGENET" in (tmp_path / "out" / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_bad_input_is_one_line_and_leaves_nothing(words, archive, tmp_path, capsys):
    assert "doe_john.npz" in refuse(capsys, words("--schema", "ltrc5", "--rename", "NT=nonsense"))
    assert "NAME=CODE" in refuse(capsys, words("--rename", "NT"))
    assert "--imagenet" in refuse(capsys, words("--imagenet", str(archive)))
    assert "not the expected file" in refuse(
        capsys, words("--architecture", "alexnet", "--imagenet", str(archive))
    )
    assert "epochs" in refuse(capsys, words("--epochs", "0"))
    assert "7 folds" in refuse(capsys, words("--folds", "7"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [archive.name]


def test_without_the_training_packages(words, capsys, monkeypatch):
    monkeypatch.setattr("LungCAD.train.extra.find_spec", lambda name: None)
    assert "pip install lungcad[train]" in refuse(capsys, words())


@pytest.mark.parametrize("kind", [(), ("--architecture", "texture_patches", "--width", "1")])
def test_what_was_trained_labels_a_scan(words, small_scan, tmp_path, capsys, kind):
    assert main([*words(*kind), "--quiet"]) == 0
    card = (tmp_path / "out" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert ("Goes on from the texture network that ships" in card) == bool(kind)
    network = str(tmp_path / "out" / "network.safetensors")
    scan = small_scan(1)
    write_image(scan.image(scan.hu), tmp_path / "ct.nii.gz")
    rois = scan.rois((0, 20, 22), (0, 20, 66), (0, 48, 22))
    write_segmentation(scan.image(rois), load_schema("gao5"), tmp_path / "rois.seg.nrrd")
    write_segmentation(scan.image(scan.lungs), load_schema("lungs"), tmp_path / "lungs.seg.nrrd")
    names = [str(tmp_path / name) for name in ("ct.nii.gz", "rois.seg.nrrd", "lungs.seg.nrrd")]
    command = ["propagate", names[0], "--rois", names[1], "--lungs", names[2], "--network", network]
    command += ["--device", "cpu", "-o", str(tmp_path / "labelled")]
    assert "--unary both" in refuse(capsys, command)
    assert main([*command, "--unary", "network", "--network-stride", "8", "--quiet"]) == 0
    values = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "labelled" / "probabilities.nrrd")))
    inside = scan.lungs > 0
    np.testing.assert_allclose(values.sum(-1)[inside], 1, atol=1e-4)
    assert values.shape[-1] == 5
