"""The table of all scans is true at any moment: a run in the panel is cancelled by a kill."""

from __future__ import annotations

import csv

import pytest

from LungCAD.batch.scans import run_scans
from LungCAD.errors import InputError
from LungCAD.tasks.label_propagation import LabelPropagationParameters


@pytest.fixture
def scans(tmp_path):
    """A folder of three scans."""
    for name in "abc":
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "ct.nii.gz").touch()
    return tmp_path / "in"


@pytest.fixture
def run(scans, tmp_path):
    """A function that runs over the scans."""

    def run(examine, row):
        return run_scans(scans, tmp_path / "out", LabelPropagationParameters(), {}, examine, row)

    return run


def rows(folder, table="scans.csv"):
    with (folder / table).open(newline="") as file:
        return [tuple(row.values()) for row in csv.DictReader(file)]


def row(folder):
    return {"size": (folder / "size.txt").read_text()}


def test_the_table_is_true_at_any_moment(run, tmp_path):
    seen, read = [], []

    def examine(case, folder, progress):
        seen.append(rows(tmp_path / "out"))
        if case.name == "b":
            raise InputError("ct.nii.gz", "is empty")
        (folder / "size.txt").write_text(case.name.upper())

    def row_once(folder):
        read.append(folder.name)
        return row(folder)

    table = run(examine, row_once).table
    waiting, done = ("b", "waiting", "", ""), ("a", "done", "A", "")
    assert seen[0] == [(name, "waiting", "") for name in "abc"]
    assert seen[1] == [done, waiting, ("c", "waiting", "", "")]
    assert seen[2][1] == ("b", "refused", "", "ct.nii.gz: is empty.")
    assert rows(table.parent)[2] == ("c", "done", "C", "")
    assert read == ["a", "c"]  # the table of many scans costs as much as the manifest


def test_a_folder_that_has_lost_a_file_does_not_stop_the_others(run, tmp_path):
    def examine(case, folder, progress):
        if case.name != "a":
            (folder / "size.txt").write_text(case.name.upper())

    with pytest.raises(InputError, match=r"a: has lost size.txt"):
        run(examine, row)
    assert rows(tmp_path / "out") == [("a", "done", "", ""), ("b", "done", "B", ""), ("c", "done", "C", "")]


def test_results_of_other_input_are_refused_with_advice_that_a_panel_can_follow(run, scans):
    def examine(case, folder, progress):
        (folder / "size.txt").write_text(case.name)

    run(examine, row)
    (scans / "a" / "ct.nii.gz").write_text("another")
    assert "Choose another folder for the results" in run(examine, row).failed["a"]
