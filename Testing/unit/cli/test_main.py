"""What holds for every sub-command of `lungcad`."""

from __future__ import annotations

import argparse
import importlib
import re

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
    assert ended.value.code == 2 and re.search("give (at least 1|0 or more)", capsys.readouterr().err)


@pytest.mark.parametrize("words", [["ild-scores", "--generator"], ["cpa", "--no-timing", "--cross"]])
def test_a_generator_that_is_not_there_is_told_before_any_study_is_made(words, monkeypatch, capsys):
    for name in ("ild_scores.make_study", "cpa.make_aspergillosis"):
        monkeypatch.setattr(f"LungCAD.cli.bench.{name}", lambda *_: pytest.fail("a study was made"))
    assert main(["bench", *words, "nowhere.py"]) == 2
    assert "nowhere.py: is no phantom generator" in capsys.readouterr().err
