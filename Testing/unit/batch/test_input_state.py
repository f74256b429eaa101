"""Whether the input of a case is what it was: by what is in its files."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from LungCAD.batch.cases import read_case
from LungCAD.batch.input_state import input_state, is_current, note_input
from LungCAD.errors import InputError

METHOD = {"parameters": {"mode": "slice"}}
EARLY, LATE = (1000, 1000), (4e9, 4e9)


def dicom(content):
    return b"\0" * 128 + b"DICM" + content


@pytest.fixture
def case(tmp_path):
    folder = tmp_path / "case"
    (folder / "ct").mkdir(parents=True)
    for number in range(3):
        (folder / "ct" / f"{number}.dcm").write_bytes(dicom(b"slice %d" % number))
    for name in ("rois.seg.nrrd", "lungs.nrrd"):
        (folder / name).write_bytes(name.encode())
    return folder


@pytest.fixture
def results(tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "run.json").write_text(json.dumps({**METHOD, "device": "cpu"}))
    return tmp_path / "results"


@pytest.fixture
def still_current(case, results):
    """Note what the case is, change it, and tell whether its results still count."""

    def tell(change=lambda: None, choices=""):
        note_input(results, input_state(read_case(case)))
        change()
        return is_current(results, read_case(case), METHOD, choices)

    return tell


def test_what_is_copied_or_touched_is_the_same(case, results, still_current):
    def copy():
        for file in case.rglob("*.*"):
            other = file.with_name(f"{file.name}.copy")
            shutil.copyfile(file, other)
            other.replace(file)
            os.utime(file, LATE)
        (case / "ct" / ".DS_Store").touch()
        (case / "ct" / "notes.md").touch()
        (case / "ct" / "0.dcm").rename(case / "ct" / "IM0001")

    before = json.loads((results / "run.json").read_text())
    assert still_current(copy)
    after = json.loads((results / "run.json").read_text())
    assert {name: after[name] for name in before} == before
    assert after["input_files"]["stamp"] == input_state(read_case(case)).stamp, "not to be read again"
    assert b"case" not in (results / "run.json").read_bytes(), "names may be a patient's"


@pytest.mark.parametrize("time", [EARLY, LATE])
@pytest.mark.parametrize("name", ["ct/1.dcm", "rois.seg.nrrd", "lungs.nrrd"])
def test_other_content_of_the_same_size_is_not(case, still_current, name, time):
    def change():
        content = (case / name).read_bytes()
        (case / name).write_bytes(content[:-1] + b"X")
        os.utime(case / name, time)

    assert not still_current(change)


def test_files_that_come_or_go_or_change_their_part(case, still_current):
    assert not still_current(lambda: (case / "ct" / "3.dcm").write_bytes(dicom(b"slice 3")))
    assert not still_current(lambda: (case / "ct" / "3.dcm").unlink())
    assert not still_current(lambda: (case / "lungs.nrrd").rename(case / "truth.nrrd"))
    assert not still_current(lambda: (case / "truth.nrrd").unlink())


def test_what_was_chosen_counts(still_current):
    assert still_current()
    assert not still_current(choices="another stride")


def test_what_a_single_command_left_may_be_of_another_scan(case, results):
    assert not is_current(results, read_case(case), METHOD)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"parameters": {"mode": "volume"}}'])
def test_records_that_do_not_say_what_made_them(case, results, text):
    (results / "run.json").write_text(text)
    assert not is_current(results, read_case(case), METHOD)
    assert not is_current(results / "nowhere", read_case(case), METHOD)


def test_a_file_that_cannot_be_read_is_named(case, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("LungCAD.batch.input_state.is_dicom", refuse)
    with pytest.raises(InputError, match=r"0\.dcm: cannot be read"):
        input_state(read_case(case))
