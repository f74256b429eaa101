"""Two runs over a folder of cases do not meet."""

from __future__ import annotations

import pytest

from LungCAD.batch.folder import run_folder
from LungCAD.batch.run import State
from LungCAD.errors import InputError
from LungCAD.tasks.label_propagation import LabelPropagationParameters


def test_a_second_run_does_not_take_the_work_of_the_first_away(tmp_path):
    (tmp_path / "in" / "case").mkdir(parents=True)
    (tmp_path / "in" / "case" / "ct.nii.gz").touch()

    def run(perform):
        return run_folder(tmp_path / "in", tmp_path / "out", LabelPropagationParameters(), {}, perform)

    def perform(case, target, progress):
        unfinished = tmp_path / "out" / ".unfinished-case"
        unfinished.mkdir()
        with pytest.raises(InputError, match="another run"):
            run(lambda *_: None)
        (unfinished / "run.json").write_text("{}")
        unfinished.rename(target)

    assert [outcome.state for outcome in run(perform)] == [State.DONE]
