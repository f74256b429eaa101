"""`lungcad train xray` as a user runs it: a folder of films in, a network that `lungcad xray` takes out."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from LungCAD.cli import main
from Testing.slicer.dark_network import chest

NOTE = "Drawn by nobody; lung behind the heart counts."


@pytest.fixture
def pairs(tmp_path):
    folder = tmp_path / "pairs"
    folder.mkdir()
    rows = []
    for number in range(6):
        film = chest((96 + number, 80))
        Image.fromarray(film).save(folder / f"{number}.png")
        Image.fromarray(np.where(film < 100, 255, 0).astype(np.uint8)).save(folder / f"{number}-mask.png")
        rows.append(
            [f"{number}.png", f"{number}-mask.png", f"p{number // 2}", ("PA", "AP")[number % 2], "CC0"]
        )
    with (folder / "pairs.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["image", "mask", "patient", "view", "licence"], *rows])
    return folder


def lungcad(*words):
    return main([*map(str, words), "--quiet"])


def test_a_network_with_its_card_and_scores(pairs, tmp_path):
    out, tiny = tmp_path / "out", ["--filters", 4, "--side", 64, "--epochs", 2, "--folds", 2, "--batch", 2]
    tiny += ["--fold-epochs", 1]
    assert lungcad("train", "xray", "--pairs", pairs, "--note", NOTE, *tiny, "-o", out) == 0
    card = (out / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert NOTE in card and "6 radiographs of 3 patients" in card and "CC0 (6 images)" in card
    assert "learned for 1 passes over their films, the one that is kept for 2" in card
    assert "lungcad train xray --pairs PAIRS --note NOTE" in card and str(tmp_path) not in card
    with (out / "scores.csv").open(newline="") as file:
        scores = list(csv.DictReader(file))
    assert sorted(row["name"] for row in scores) == list("012345")
    summary = json.loads((out / "cross_validation.json").read_text(encoding="utf-8"))["summary"]
    assert summary["all"]["iou"]["films"] == 6 and summary["AP"]["dice"]["films"] == 3
    assert summary["all"]["iou"]["min"] == pytest.approx(min(float(row["iou"]) for row in scores))
    found = tmp_path / "found"
    weights = out / "network.safetensors"
    assert lungcad("xray", pairs / "0.png", "--weights", weights, "-o", found) == 0
    assert np.asarray(Image.open(found / "masks" / "0.png")).shape == (96, 80)


def test_what_is_missing(pairs, tmp_path, capsys):
    (pairs / "3-mask.png").unlink()
    assert lungcad("train", "xray", "--pairs", pairs, "-o", tmp_path / "out") == 2
    assert "3-mask.png" in capsys.readouterr().err and not (tmp_path / "out").exists()
