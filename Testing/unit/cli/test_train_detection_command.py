"""`lungcad train detection` and `detection-tables` from prepared slices to their output folders."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from LungCAD.cli import main
from LungCAD.errors import InputError
from LungCAD.tasks.detection_input import DetectionInput, decisions_from_plain
from LungCAD.train.detection.phantoms import BENCHMARK_SEED, FIRST_SEED, benchmark_study, varied_study
from LungCAD.train.detection.scores import detection_scores
from LungCAD.train.detection.slices import DISEASES, SliceSet
from LungCAD.train.detection.store import read_slices, write_slices
from LungCAD.weights import load_network
from LungCAD.weights.shipped import weights_file

SMALL = ["--width", "0.03125", "--dense", "8", "--epochs", "1", "--folds", "2", "--device", "cpu", "--quiet"]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    return random_slices(tmp_path_factory.mktemp("prepared") / "slices", 0, "p")


@pytest.fixture(scope="module")
def of_others(tmp_path_factory):
    """Slices of other patients."""
    return random_slices(tmp_path_factory.mktemp("prepared") / "tested", 1, "q")


def random_slices(folder, seed, patient):
    rng = np.random.default_rng(seed)
    count = 24
    slices = SliceSet(
        rng.integers(0, 256, (count, 3, 224, 224), dtype=np.uint8),
        np.where(rng.random((count, 4)) < 0.4, rng.uniform(0, 9000, (count, 4)), 0).astype(np.float32),
        np.array([f"{patient}{i % 6}" for i in range(count)]),
        DISEASES,
        DetectionInput(),
        "random numbers",
        "none",
        synthetic=True,
    )
    write_slices([slices], folder)
    return folder


def run(*words):
    return main([*map(str, words)])


def test_a_network_is_trained_and_described(prepared, tmp_path):
    words = ("train", "detection", "--slices", prepared, "--scored-folds", 2, *SMALL, "-o", tmp_path / "out")
    assert run(*words) == 0
    _, description = load_network(tmp_path / "out" / "network.safetensors", architecture="cnn_f")
    assert description.classes == DISEASES
    assert description.input["head"] == "logistic"
    assert description.input["threshold_mm2"] == pytest.approx(2940)
    assert len(decisions_from_plain(description.input["decisions"])) == 4
    assert DetectionInput.from_plain(description.input) == DetectionInput()
    card = (tmp_path / "out" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "Trained on synthetic data" in card
    assert str(prepared) not in card
    scores = json.loads((tmp_path / "out" / "scores.json").read_text(encoding="utf-8"))
    assert scores["held_out"]["slices"] == 24
    assert (tmp_path / "out" / "curves.png").stat().st_size > 5000
    assert len((tmp_path / "out" / "scores.csv").read_text(encoding="utf-8").splitlines()) == 25


def test_slices_of_several_folders_are_learned_from(prepared, tmp_path):
    others = replace(read_slices(prepared), patients=np.array([f"q{i % 4}" for i in range(24)]))
    write_slices([others], tmp_path / "others")
    out, words = tmp_path / "out", ("train", "detection", "--scored-folds", 2, "--no-final", *SMALL)
    assert run(*words, "--slices", prepared, tmp_path / "others", "-o", out) == 0
    assert json.loads((out / "scores.json").read_text(encoding="utf-8"))["held_out"]["slices"] == 48
    card = (out / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "--slices SLICES SLICES" in card


def test_calibration_keeps_the_network_and_reads_it_anew(prepared, tmp_path):
    first = ("train", "detection", "--slices", prepared, "--scored-folds", 1, "--no-final", *SMALL)
    assert run(*first, "-o", tmp_path / "net") == 0
    start = tmp_path / "net" / "network.safetensors"
    words = ("train", "detection", "--slices", prepared, "--start", start, "--calibrate", *SMALL)
    assert run(*words, "-o", tmp_path / "read") == 0
    before, old = load_network(start)
    after, new = load_network(tmp_path / "read" / "network.safetensors")
    for name, tensor in before.state_dict().items():
        assert torch.equal(tensor, after.state_dict()[name]), name
    scores = json.loads((tmp_path / "read" / "scores.json").read_text(encoding="utf-8"))
    assert scores["held_out"]["slices"] == 24  # all of them, not one fold
    assert new.input["decisions"] == scores["decisions"] != old.input["decisions"]
    assert new.card.data.startswith(f"{old.card.data} Thresholds and temperatures alone: ")
    assert "learned from none of the 24" in new.card.results
    assert old.card.command in new.card.command and "--calibrate" in new.card.command
    for strange in (("--head", "l2"), ("--renew", 1)):
        assert run(*words, *strange, "-o", tmp_path / "other") == 2


def test_a_shipped_network_is_started_from_by_its_name(prepared, tmp_path, monkeypatch):
    quick = partial(detection_scores, rounds=2)
    monkeypatch.setattr("LungCAD.train.detection.outcome.detection_scores", quick)
    without = read_slices(prepared)
    without.areas[:, 2] = 0
    write_slices([without], tmp_path / "slices")
    words = ("--start", "cnnf-quarter", "--calibrate", "--device", "cpu", "--quiet")
    assert run("train", "detection", "--slices", tmp_path / "slices", *words, "-o", tmp_path / "out") == 0
    shipped_network, before = load_network(weights_file("cnnf-quarter"))
    network, after = load_network(tmp_path / "out" / "network.safetensors")
    for name, tensor in shipped_network.state_dict().items():
        assert torch.equal(tensor, network.state_dict()[name]), name
    new, old = (decisions_from_plain(one.input["decisions"]) for one in (after, before))
    changed = [one != other for one, other in zip(new, old, strict=True)]
    assert changed == [True, True, False, True]
    assert "of honeycombing they say too little" in after.card.results
    assert after.card.command.startswith(before.card.command)
    assert after.card.command.count("--start cnnf-quarter") == 1


def test_one_label_per_slice_has_a_class_for_healthy(prepared, tmp_path):
    words = ("--head", "softmax", "--scored-folds", 1, "--no-final", *SMALL, "-o", tmp_path / "out")
    assert run("train", "detection", "--slices", prepared, *words) == 0
    _, description = load_network(tmp_path / "out" / "network.safetensors")
    assert description.classes == ("healthy", *DISEASES)
    assert description.input["head"] == "softmax"


def test_no_synthetic_patient_is_too_few(tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        run("train", "detection", "--phantoms", 0, "-o", tmp_path / "out")
    assert "0 is none: give at least 1" in capsys.readouterr().err


def test_looks_and_mimics_of_synthetic_patients_are_chosen(monkeypatch, tmp_path, capsys):
    asked = []

    def none_made(seeds, study, **options):
        asked.extend(map(study, seeds))
        raise InputError("phantoms", "are not made in this test")

    monkeypatch.setattr("LungCAD.cli.train.detection.phantom_slices", none_made)
    for words in ((), ("--usual-looks",), ("--mimics",), ("--gap", 20)):
        assert run("train", "detection", "--phantoms", 2, *words, "-o", tmp_path / "out") == 2
    varied, usual, mimicked, sparse = asked[:2], asked[2:4], asked[4:6], asked[6:]
    assert all(one.varied and not one.mimics for one in varied)
    assert usual == [replace(one, varied=()) for one in varied]
    assert mimicked == [replace(one, mimics=True) for one in varied]
    for one, whole in zip(sparse, varied, strict=True):
        assert one.size[2] * 20 == pytest.approx(whole.size[2] * whole.spacing[2], abs=10)
        size, spacing = (*whole.size[:2], one.size[2]), (*whole.spacing[:2], 20)
        assert one == replace(whole, size=size, spacing=spacing)
    capsys.readouterr()
    assert run("train", "detection", "--phantoms", 2, "--gap", 0, "-o", tmp_path / "out") == 2
    assert "--gap: is 0 mm" in capsys.readouterr().err
    for flag in (["--usual-looks"], ["--mimics"], ["--gap", 20]):
        assert run("train", "detection", "--slices", tmp_path, *flag, "-o", tmp_path / "out") == 2
        assert f"{flag[0]}: is for synthetic patients" in capsys.readouterr().err


def test_patients_of_the_tables_have_mimics_where_wanted(monkeypatch, prepared, tmp_path, capsys):
    asked = []

    def made(seeds, study, **options):
        asked.append([study(seed) for seed in seeds])
        return iter([read_slices(prepared)])

    monkeypatch.setattr("LungCAD.cli.train.detection_tables.phantom_slices", made)
    monkeypatch.setattr("LungCAD.cli.train.detection_tables._compare", lambda *args: ("", {}))
    words = ("train", "detection-tables", "--phantoms", 3, "--unseen", 2, "--quiet")
    assert run(*words, "-o", tmp_path / "plain") == 0
    assert run(*words, "--mimics", "-o", tmp_path / "mimics") == 0
    learned, tested, with_learned, with_tested = asked
    assert learned == [varied_study(seed) for seed in range(FIRST_SEED, FIRST_SEED + 3)]
    assert tested == [benchmark_study(seed) for seed in range(BENCHMARK_SEED, BENCHMARK_SEED + 2)]
    assert with_learned == [replace(one, mimics=True) for one in learned]
    assert with_tested == [replace(one, mimics=True) for one in tested]
    given = ("--slices", prepared, "--tested", of_others, "--mimics")
    assert run(*words, *given, "-o", tmp_path / "given") == 2
    assert "--mimics: is for synthetic patients" in capsys.readouterr().err


def test_all_methods_are_compared(prepared, of_others, tmp_path):
    words = ("--slices", prepared, "--tested", of_others, "--thresholds", 6000, "--no-layers", *SMALL)
    assert run("train", "detection-tables", *words, "-o", tmp_path / "out") == 0
    table = (tmp_path / "out" / "tables.md").read_text(encoding="utf-8")
    assert "(0.8028)" not in table
    assert "(0.803)" in table  # the paper's smooth L1 beside ours
    record = json.loads((tmp_path / "out" / "tables.json").read_text(encoding="utf-8"))
    assert len(record["methods"]["6000"]) == 7


def test_rows_of_the_tables_are_kept_for_their_parameters_alone(prepared, of_others, tmp_path, capsys):
    words = ["--slices", prepared, "--tested", of_others, "--thresholds", 6000, "--no-layers", *SMALL]
    words += ["--checkpoints", tmp_path / "kept"]
    assert run("train", "detection-tables", *words, "-o", tmp_path / "first") == 0
    for checkpoint in (tmp_path / "kept").glob("*.ckpt"):
        checkpoint.unlink()  # what is complete needs its scores alone
    assert run("train", "detection-tables", *words, "-o", tmp_path / "again") == 0
    assert not list((tmp_path / "kept").glob("*.ckpt"))
    texts = [(tmp_path / name / "tables.md").read_text(encoding="utf-8") for name in ("first", "again")]
    assert texts[0] == texts[1]
    assert run("train", "detection-tables", *words, "--seed", 5, "-o", tmp_path / "other") == 2
    assert "checkpoints of another training" in capsys.readouterr().err


@pytest.mark.slow
def test_layers_and_dense_layers_on_given_convolutions(prepared, of_others, tmp_path):
    first = ("train", "detection", "--slices", prepared, "--scored-folds", 1, "--no-final", *SMALL)
    assert run(*first, "-o", tmp_path / "net") == 0
    words = ("--slices", prepared, "--tested", of_others, "--thresholds", 4000, *SMALL)
    network = tmp_path / "net" / "network.safetensors"
    assert run("train", "detection-tables", *words, "--convolutions", network, "-o", tmp_path / "out") == 0
    record = json.loads((tmp_path / "out" / "tables.json").read_text(encoding="utf-8"))
    for name in ("layers", "layers_few"):
        assert [row["name"] for row in record[name]] == [*(f"conv{n}" for n in range(1, 6)), "fc6", "CNN"]
    assert (record["layers_px"], record["few_slices"]) == (4000, 8)
    assert "--convolutions CONVOLUTIONS" in record["command"] and str(tmp_path) not in record["command"]
    table = (tmp_path / "out" / "tables.md").read_text(encoding="utf-8")
    assert all(f"(table {number})" in table for number in (5, 6, 7))


@pytest.mark.slow
def test_phantoms_are_learned_from_and_kept(tmp_path):
    words = ("--phantoms", 2, "--keep", tmp_path / "kept", "--scored-folds", 1, *SMALL)
    assert run("train", "detection", *words, "-o", tmp_path / "out") == 0
    kept = read_slices(tmp_path / "kept")
    assert kept.cells is not None
    assert len(set(kept.patients)) == 2


def test_slices_that_were_kept_are_gone_on_with(prepared, tmp_path, capsys):
    assert run("train", "detection", "--phantoms", 2, "--keep", prepared, *SMALL, "-o", tmp_path / "out") == 2
    assert f"Go on with --slices {prepared}" in capsys.readouterr().err


def test_slices_of_a_training_that_was_stopped_are_gone_on_with(prepared, tmp_path):
    """What was kept is whole; the same command goes on from its checkpoints."""
    words = (
        "--phantoms",
        2,
        "--keep",
        prepared,
        "--checkpoints",
        tmp_path / "kept",
        "--scored-folds",
        1,
        *SMALL,
    )
    assert run("train", "detection", *words, "-o", tmp_path / "out") == 0
    scores = json.loads((tmp_path / "out" / "scores.json").read_text(encoding="utf-8"))
    assert scores["held_out"]["slices"] == 12  # half of those in the folder


def test_tables_are_of_patients_that_nothing_learned_from(prepared, tmp_path, capsys):
    words = ("--slices", prepared, "--tested", prepared, "--thresholds", 6000, *SMALL, "-o", tmp_path / "out")
    assert run("train", "detection-tables", *words) == 2
    assert "shows 6 of the patients that are learned from, such as p0" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (
            ["--start", "cnnf-quarter", "--dense-only", "--checkpoints", "kept"],
            "--checkpoints: has nothing to do",
        ),
        (
            ["--start", "cnnf-quarter", "--calibrate", "--checkpoints", "kept"],
            "--checkpoints: has nothing to do",
        ),
        (["--paintings", "3"], "--paintings: has nothing to do here. Leave it out: it needs --paint"),
        (["--first-seed", "3"], "--first-seed: has nothing to do"),
    ],
)
def test_options_that_would_be_passed_over_are_refused(prepared, words, what, tmp_path, capsys):
    assert run("train", "detection", "--slices", prepared, *words, *SMALL, "-o", tmp_path / "out") == 2
    assert what in capsys.readouterr().err


def test_patches_look_at_whole_phantoms(prepared, of_others, tmp_path, capsys):
    words = ("--slices", prepared, "--tested", of_others, "--patches", tmp_path / "p.safetensors")
    assert run("train", "detection-tables", *words, *SMALL, "-o", tmp_path / "out") == 2
    assert "--patches: look at whole scans" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--slices", "nowhere"], "no prepared slices"),
        (["--labels", "nowhere"], "pairs.csv"),
        (["--ticks", "nowhere.csv"], "nowhere.csv"),
        (["--dataset", "nowhere"], "nowhere"),
        (["--phantoms", "1", "--width", "2"], "width"),
        (["--phantoms", "1", "--drift", "60", "--no-augment"], "drift: is a variation"),
    ],
)
def test_bad_input_is_one_line_and_nothing_written(words, what, tmp_path, capsys):
    assert run("train", "detection", *words, "-o", tmp_path / "out") == 2
    said = capsys.readouterr().err
    assert what in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_more_folds_than_patients_is_refused(prepared, tmp_path, capsys):
    words = ("train", "detection", "--slices", prepared, *SMALL, "--folds", 9, "-o", tmp_path / "out")
    assert run(*words) == 2
    assert "6 patients for 9 folds" in capsys.readouterr().err
