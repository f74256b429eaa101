"""What holds for every sub-command of `lungcad`."""

from __future__ import annotations

import importlib

import pytest

from LungCAD.cli import main


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
