"""What holds for every sub-command of `lungcad`."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import time

import pytest

from LungCAD.cli import main
from LungCAD.cli.main import COMMANDS, _parser


def test_ctrl_c_while_libraries_are_loaded(monkeypatch, capsys):
    def interrupted(name):
        raise KeyboardInterrupt

    monkeypatch.setattr(importlib, "import_module", interrupted)
    assert main(["lungs", "ct.nii.gz", "-o", "out"]) == 130
    assert capsys.readouterr().err == "lungcad: stopped; nothing was written\n"


@pytest.mark.parametrize(
    "words",
    [["train", "mean", "a", "-o", "out"], ["bench", "xray"], ["batch", "cpa", "--input=in", "--output=out"]],
)
def test_debug_may_come_last(monkeypatch, words):
    def fail(options):
        assert options.debug
        raise ZeroDivisionError

    module = importlib.import_module(f"LungCAD.cli.{words[0]}")
    monkeypatch.setattr(module, "run", fail)
    with pytest.raises(ZeroDivisionError):
        main([*words, "--debug"])


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("batch", "train", "bench")])
def test_help_explains_every_option(name):
    (commands,) = (one for one in _parser([name])._actions if isinstance(one, argparse._SubParsersAction))
    command = commands.choices[name]
    assert not [action.dest for action in command._actions if not action.help]
    assert "(default: )" not in " ".join(command.format_help().split())


@pytest.mark.parametrize(
    "words",
    [
        ["phantom", "--difficulty", "--studies", "0"],
        ["train", "ild", "--phantoms", "1", "-o", "out", "--unseen", "-1"],
        ["bench", "ild-scores", "--studies", "0"],
        ["bench", "detection", "--patients", "-1"],
    ],
)
def test_what_counts_counts_something(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    said = "give 0 or more" if words[-1] == "-1" else "give at least 1"
    assert ended.value.code == 2 and said in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_library_may_make_an_error_of_its_own_of_a_signal(monkeypatch, capsys, number):
    def struck_in_a_library(options):
        try:
            os.kill(os.getpid(), number)
            time.sleep(10)
        except KeyboardInterrupt as error:
            raise ValueError("could not determine the shape") from error

    before = signal.signal(signal.SIGINT, signal.default_int_handler), signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr("LungCAD.cli.info.run", struck_in_a_library)
    try:
        assert main(["info", "nowhere"]) == 130
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert signal.getsignal(signal.SIGTERM) is before[1]
    finally:
        signal.signal(signal.SIGINT, before[0])
    assert capsys.readouterr().err == "lungcad: stopped; nothing was written\n"


@pytest.mark.parametrize("words", [["ild-scores", "--generator"], ["cpa", "--no-timing", "--cross"]])
def test_a_generator_that_is_not_there_is_told_before_any_study_is_made(words, monkeypatch, capsys):
    for name in ("ild_scores.make_study", "cpa.make_aspergillosis"):
        monkeypatch.setattr(f"LungCAD.cli.bench.{name}", lambda *_: pytest.fail("a study was made"))
    assert main(["bench", *words, "nowhere.py"]) == 2
    assert "nowhere.py: is no phantom generator" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["lungs", "ct.nii.gz"],
        ["follow", "before", "after"],
        ["phantom"],
        ["propagate", "ct.nii.gz", "--rois", "rois.nii.gz"],
        ["ild", "ct.nii.gz"],
        ["detect", "ct.nii.gz"],
        ["cpa", "ct.nii.gz"],
    ],
)
def test_results_of_another_method_stay_whole(tmp_path, capsys, words):
    (tmp_path / "run.json").write_text('{"command": "lungcad other CT --output OUT"}')
    assert main([*words, "-o", str(tmp_path), "--overwrite"]) == 2
    assert "results of another method" in capsys.readouterr().err
    assert (tmp_path / "run.json").exists()


@pytest.mark.parametrize("name", ["propagate", "ild", "detect", "cpa"])
@pytest.mark.parametrize("command", ["lungcad {} CT --output OUT", "lungcad batch {} --input CASES"])
def test_results_of_the_same_method_may_be_replaced(tmp_path, capsys, name, command):
    (tmp_path / "run.json").write_text(json.dumps({"command": command.format(name)}))
    rois = ["--rois", str(tmp_path / "rois.nii.gz")] if name == "propagate" else []
    assert main([name, str(tmp_path / "ct.nii.gz"), *rois, "-o", str(tmp_path), "--overwrite"]) == 2
    assert "ct.nii.gz" in capsys.readouterr().err
