"""Many cases: none stops the others, and the manifest tells of each."""

from __future__ import annotations

import csv

import pytest

from LungCAD.batch.run import Outcome, State, run_cases
from LungCAD.errors import Cancelled, InputError


def rows(manifest):
    with manifest.open(newline="") as file:
        return [(row["case"], row["state"], row["error"]) for row in csv.DictReader(file)]


def test_every_case_has_its_row(tmp_path):
    def work(folder):
        if folder.name == "bad":
            raise InputError("rois.nii", "is\nempty", "Draw, or leave it")
        if folder.name == "broken":
            raise ZeroDivisionError("by\nzero")
        if folder.name == "huge":
            raise MemoryError
        return State.KEPT if folder.name == "old" else State.DONE

    folders = [tmp_path / name for name in ("bad", "broken", "huge", "new", "old")]
    told = []
    outcomes = run_cases(folders, work, tmp_path / "manifest.csv", told.append)
    assert told == outcomes
    assert [(each.case, each.state.value, each.error) for each in outcomes] == rows(tmp_path / "manifest.csv")
    assert rows(tmp_path / "manifest.csv") == [
        ("bad", "refused", "rois.nii: is empty. Draw, or leave it."),
        ("broken", "failed", "ZeroDivisionError: by zero"),
        ("huge", "failed", "Not enough memory."),
        ("new", "done", ""),
        ("old", "kept", ""),
    ]


def test_the_manifest_is_true_at_any_moment(tmp_path):
    manifest, seen = tmp_path / "manifest.csv", []

    def work(folder):
        seen.append([state for _, state, _ in rows(manifest)])
        return State.DONE

    run_cases([tmp_path / name for name in "abc"], work, manifest)
    assert seen == [["waiting"] * 3, ["done", "waiting", "waiting"], ["done", "done", "waiting"]]


@pytest.mark.parametrize("interruption", [Cancelled, KeyboardInterrupt])
def test_an_interruption_leaves_the_rest_waiting(tmp_path, interruption):
    def work(folder):
        if folder.name == "b":
            raise interruption
        return State.DONE

    with pytest.raises(interruption):
        run_cases([tmp_path / name for name in "abc"], work, tmp_path / "manifest.csv")
    assert [state for _, state, _ in rows(tmp_path / "manifest.csv")] == ["done", "waiting", "waiting"]


def test_outcomes_wait_until_told_otherwise():
    assert Outcome("a") == Outcome("a", State.WAITING, 0.0, "")
