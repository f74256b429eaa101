"""`lungcad demo` as a user runs it, with a study that takes no time."""

from __future__ import annotations

import json

import pytest

from LungCAD.cli import demo, main
from LungCAD.phantom import PhantomStudy, StudyParameters, make_study


@pytest.fixture(autouse=True)
def small(monkeypatch) -> None:
    def make(parameters: StudyParameters, progress) -> PhantomStudy:
        return make_study(
            StudyParameters(size=(96, 80, 16), spacing=(3.6, 3.6, 18.0), seed=parameters.seed), progress
        )

    monkeypatch.setattr(demo, "make_study", make)


def test_study_result_and_the_command_are_there(tmp_path, capsys):
    assert main(["demo", "-o", str(tmp_path / "a demo")]) == 0
    assert {path.name for path in (tmp_path / "a demo").iterdir()} == {"study", "result"}
    said = capsys.readouterr().out
    command = next(line for line in said.splitlines() if line.startswith("  lungcad propagate "))
    assert f"'{tmp_path / 'a demo' / 'study' / 'ct.nii.gz'}'" in command and ".unfinished" not in said
    assert f"Report: {tmp_path / 'a demo' / 'result' / 'report.html'}" in said
    record = (tmp_path / "a demo" / "result" / "run.json").read_text(encoding="utf-8")
    assert json.loads(record)["command"] == "lungcad propagate CT --rois ROIS --truth TRUTH -o OUTPUT"
    assert main(["demo", "-o", str(tmp_path / "a demo")]) == 2
    assert main(["demo", "-o", str(tmp_path / "a demo"), "--overwrite", "--quiet"]) == 0


@pytest.mark.parametrize("moment", ["cli.demo.make_study", "tasks.label_propagation.run"])
def test_a_demo_that_was_stopped_leaves_nothing(tmp_path, monkeypatch, capsys, moment):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"LungCAD.{moment}", interrupted)
        assert main(["demo", "-o", str(tmp_path / "demo")]) == 130
    assert "nothing was written" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
