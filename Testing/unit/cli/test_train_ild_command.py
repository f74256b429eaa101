"""`lungcad train ild` and `ild-ablation`: options, the YAML file, what is refused before work starts."""

from argparse import Namespace
from dataclasses import dataclass

import numpy as np
import pytest

import LungCAD.cli.train.ild as command
import LungCAD.train.ild.ablation as ablation
from LungCAD.cli.main import main
from LungCAD.cli.options import add_config, add_parameters, configured, parameters_from
from LungCAD.errors import InputError
from LungCAD.parameters import Parameters, parameter
from LungCAD.progress import silent
from LungCAD.tasks.ild_input import IldInput
from LungCAD.train.ild.ablation import Result, run_ablation
from LungCAD.train.ild.ablation_report import plot, table
from LungCAD.train.ild.ablation_rows import ROWS, TABLE_2, AblationParameters
from LungCAD.train.ild.loss import OUTSIDE
from LungCAD.train.ild.networks import network_options
from LungCAD.train.ild.parameters import IldTrainingParameters
from LungCAD.train.ild.slices import LungSlice, SliceSet


@dataclass(frozen=True)
class Brew(Parameters):
    minutes: float = parameter(3.0, "How long", unit="min", above=0.0)
    tea: str = parameter("green", "Which", choices=("green", "black"))
    milk: bool = parameter(False, "With it")


def brewed(tmp_path, text, *words):
    import argparse

    parser = argparse.ArgumentParser()
    add_config(parser)
    add_parameters(parser, Brew)
    path = tmp_path / "brew.yaml"
    path.write_text(text)
    options = parser.parse_args(["--config", str(path), *words])
    return parameters_from(options, configured(options, Brew()))


def test_a_file_changes_defaults_and_options_change_the_file(tmp_path):
    assert brewed(tmp_path, "minutes: 5\ntea: black\n") == Brew(5, "black")
    assert brewed(tmp_path, "minutes: 5\ntea: black\n", "--minutes", "1", "--milk") == Brew(
        1.0, "black", True
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("minutes: 0", "minutes: is 0, not more than 0"),
        ("tea: mint", "tea: is 'mint', not one of green, black"),
        ("milk: 3", "milk: is 3, not true or false"),
        ("sugar: 1", "sugar: is no parameter"),
        ("1: 2", "1: is no parameter"),
        ("- 1\n- 2", "holds no names with values"),
        ("tea: [", "is no YAML"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path, text, problem):
    with pytest.raises(InputError) as error:
        brewed(tmp_path, text)
    assert problem in str(error.value)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--phantoms", "4", "--config", "missing.yaml"], "missing.yaml"),
        (["--phantoms", "4", "--variant", "best"], "There are"),
        (["--phantoms", "4", "--schema", "cxr_lungs"], "classes without a texture"),
        (["--geneva", "."], "no texts of contours"),
        (["--ltrc", "."], "pairs.csv"),
        (["--dataset", "."], "is no dataset"),
        (["--phantoms", "4", "--start", "missing.safetensors", "--folds", "0"], "missing.safetensors"),
        (["--phantoms", "4", "--start", "lungnet-six"], "--start: may have learned from these phantoms"),
        (
            ["--phantoms", "2001"],
            "--phantoms: is 2001: the last are kept to be scored as unseen. Give at most 2000",
        ),
    ],
)
def test_bad_input_ends_it_without_a_traceback(tmp_path, monkeypatch, capsys, words, problem):
    monkeypatch.chdir(tmp_path)
    assert main(["train", "ild", *words, "-o", "out", "--quiet"]) != 0
    said = capsys.readouterr().err
    assert problem in said and "Traceback" not in said
    assert not (tmp_path / "out").exists()


def test_phantoms_that_are_scored_as_unseen_are_never_learned_from(monkeypatch):
    asked = []
    monkeypatch.setattr(command, "phantom_slices", lambda seeds, *_: asked.append(seeds))
    for phantoms in (None, 96):
        options = Namespace(unseen=8, phantoms=phantoms, workers=1)
        command._unseen(options, IldTrainingParameters(), silent)
    assert asked[0] == asked[1] and len(asked[0]) == 8  # whatever this or an earlier training learned from
    assert asked[0][0] >= command.FIRST_SEED + 2000


def test_every_row_of_the_paper_can_be_built():
    assert [row.name for row in ROWS if row.changed.get("architecture")] == ["ILD-CNN", "SegNet", "U-Net"]
    parameters = AblationParameters()
    options = [network_options(parameters.of(row, 0)) for row in ROWS]
    assert len({str(one) for one in options[: len(TABLE_2)]}) == len(TABLE_2) - 1, "one differs by its loss"
    supervised = next(row for row in ROWS if row.name == "Purely supervised")
    assert parameters.of(supervised, 2).unsupervised_weight == 0
    assert parameters.of(supervised, 2).seed == 2


def tiny_slices(seeds, drawn, progress, workers):
    rng = np.random.default_rng(seeds[0])
    made = []
    for seed in seeds:
        targets = rng.integers(0, 6, (32, 32)).astype(np.int8)
        targets[:, :4] = OUTSIDE
        made.append(LungSlice(targets * np.int16(100) - np.int16(900), targets, f"phantom-{seed}"))
    return SliceSet(tuple(made), tuple("abcdef"), IldInput(), "tiny", "none")


def test_ablation_repeats_rows_and_goes_on(monkeypatch, tmp_path):
    monkeypatch.setattr(ablation, "benchmark_slices", tiny_slices)
    small = AblationParameters(
        studies=4, unseen=2, repeats=2, epochs=1, epoch_slices=2, window=0, width=0.05, device="cpu"
    )
    rows = [row for row in ROWS if row.name in ("Proposed", "16 kernels/layer", "U-Net")]
    results = run_ablation(small, rows, tmp_path)
    assert [result.weights for result in results[:2]] == [46_744, 130_056]
    assert all(len(result.accuracies) == 2 for result in results)
    assert [r.accuracies for r in run_ablation(small, rows, tmp_path)] == [r.accuracies for r in results]
    with pytest.raises(InputError, match="another training"):
        run_ablation(AblationParameters(studies=5), rows, tmp_path)


def test_the_table_is_beside_the_papers():
    rows = {row.name: row for row in ROWS}
    results = [
        Result(rows["w/o dilated convolutions"], 130_056, 49.0, (0.6, 0.7)),
        Result(rows["Proposed"], 130_056, 58.0, (0.8, 0.84)),
        Result(rows["U-Net"], 1_943_846, 71.0, (0.706,)),
    ]
    text = table(results)
    assert "| U-Net | 19.44 | 71 | 70.6 | +11.4 | 310.00 | 88 | 77.5 | +4.3 |" in text, "no spread of one"
    assert "| w/o dilated convolutions | 1.30 | 49 | 65.0 ± 5.0 | +17.0 | 1.30 | 51 | 68.0 | +13.8 |" in text
    assert plot(results).startswith(b"\x89PNG")
