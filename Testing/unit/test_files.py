"""Files appear whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from LungCAD import files
from LungCAD.errors import InputError
from LungCAD.files import (
    atomic_folder,
    atomic_path,
    files_below,
    remove_unfinished,
    sole_use,
    write_json,
    write_text,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_and_nothing_else_stays(tmp_path):
    write_text(tmp_path / "table.csv", "a,b\n")
    assert (tmp_path / "table.csv").read_text(encoding="utf-8") == "a,b\n"
    assert names(tmp_path) == ["table.csv"]


def test_an_existing_file_is_kept_unless_asked(tmp_path):
    write_text(tmp_path / "table.csv", "old")
    with pytest.raises(InputError, match=r"table\.csv: exists already"):
        write_text(tmp_path / "table.csv", "new")
    assert (tmp_path / "table.csv").read_text(encoding="utf-8") == "old"
    write_text(tmp_path / "table.csv", "new", overwrite=True)
    assert (tmp_path / "table.csv").read_text(encoding="utf-8") == "new"


@pytest.mark.parametrize("error", [RuntimeError("boom"), KeyboardInterrupt()])
def test_a_failed_write_leaves_the_old_file(tmp_path, error):
    write_text(tmp_path / "labels.nii.gz", "old")
    with pytest.raises(type(error)), atomic_path(tmp_path / "labels.nii.gz", overwrite=True) as temporary:
        assert temporary.name.endswith(".nii.gz")
        temporary.write_text("half")
        raise error
    assert (tmp_path / "labels.nii.gz").read_text(encoding="utf-8") == "old"
    assert names(tmp_path) == ["labels.nii.gz"]


def test_a_full_disk_is_named(tmp_path):
    full = pytest.raises(InputError, match=r"case: could not be written \(No space left on device\)")
    with full, atomic_folder(tmp_path / "case") as folder:
        (folder / "labels.nrrd").write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert names(tmp_path) == []


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InputError, match="absent: cannot be written to"):
        write_text(tmp_path / "absent" / "table.csv", "a")


def test_a_folder_appears_in_one_step(tmp_path):
    with atomic_folder(tmp_path / "new" / "case") as folder:
        (folder / "a.txt").write_text("a")
        assert not (tmp_path / "new" / "case").exists()
    assert names(tmp_path / "new") == ["case"]
    assert names(tmp_path / "new" / "case") == ["a.txt"]


def test_an_existing_folder_is_kept_unless_asked(tmp_path):
    case = tmp_path / "case"
    case.mkdir()
    (case / "notes.txt").write_text("mine")
    (case / "a.txt").write_text("old")
    with pytest.raises(InputError, match="case: exists already"), atomic_folder(case):
        pass
    with atomic_folder(case, overwrite=True) as folder:
        (folder / "a.txt").write_text("new")
        (folder / "pictures").mkdir()
        (folder / "pictures" / "b.txt").write_text("b")
    assert names(case) == ["a.txt", "notes.txt", "pictures"]
    assert (case / "a.txt").read_text(encoding="utf-8") == "new"
    assert (case / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert names(tmp_path) == ["case"]


def test_an_overwrite_that_was_broken_off_leaves_no_record_of_what_is_there(tmp_path, monkeypatch):
    """Half of the files are new: nothing may say that they are those of the former run."""
    case = tmp_path / "case"

    def write(word):
        with atomic_folder(case, overwrite=True) as folder:
            for name in ("z.txt", "run.json", "a.txt"):
                (folder / name).write_text(word)

    write("old")
    move, moved = files.Path.replace, []

    def broken_off(self, target):
        if moved:
            raise KeyboardInterrupt
        moved.append(target)
        return move(self, target)

    monkeypatch.setattr(files.Path, "replace", broken_off)
    with pytest.raises(KeyboardInterrupt):
        write("new")
    assert names(case) == ["a.txt", "z.txt"]
    assert [(case / name).read_text() for name in names(case)] == ["new", "old"]


def test_what_an_earlier_run_left_is_removed_where_it_is_named(tmp_path):
    case = tmp_path / "case"
    for picture in ("first", "second"):
        with atomic_folder(case, overwrite=True, stale=("heat_*", "pictures/*.png")) as folder:
            (folder / "pictures").mkdir()
            (folder / "pictures" / f"{picture}.png").write_text(picture)
            (folder / f"heat_{picture}").write_text(picture)
    assert names(case) == ["heat_second", "pictures"]
    assert names(case / "pictures") == ["second.png"]


def test_an_interrupted_folder_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), atomic_folder(tmp_path / "case") as folder:
        (folder / "a.txt").write_text("half")
        raise KeyboardInterrupt
    assert names(tmp_path) == []


@pytest.mark.parametrize(("call", "writer"), [("mkdir", atomic_folder), ("open", atomic_path)])
def test_a_signal_just_after_the_first_step_leaves_nothing(tmp_path, monkeypatch, call, writer):
    """Whatever makes the folder or the file: the system has done it, the program does not know yet."""
    made = getattr(os, call)

    def interrupted(path, *more, **named):
        result = made(path, *more, **named)
        if ".unfinished" in str(path):
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(os, call, interrupted)
    with pytest.raises(KeyboardInterrupt), writer(tmp_path / "out.bin"):
        pass
    monkeypatch.undo()
    assert not list(tmp_path.iterdir())


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "case").write_text("a file")
    with pytest.raises(InputError, match="is a file, not a folder"), atomic_folder(tmp_path / "case", True):
        pass


def test_links_to_folders_are_followed_once(tmp_path):
    """Archives are often put together of links; a link back to where it lies ends no search."""
    store, case = tmp_path / "störe of all", tmp_path / "case"
    (store / "b").mkdir(parents=True)
    case.mkdir()
    for path in (store / "b" / "2", store / "1", case / "0", case / ".hidden"):
        path.touch()
    (case / "scan").symlink_to(store, target_is_directory=True)
    (case / "scan again").symlink_to(store, target_is_directory=True)
    (store / "back").symlink_to(case, target_is_directory=True)
    (case / "3").symlink_to(store / "1")
    (case / "dangling").symlink_to(store / "nowhere")
    assert files_below(case) == [case / "0", case / "3", case / "scan" / "1", case / "scan" / "b" / "2"]


def test_an_existing_folder_is_written_from_inside(tmp_path):
    """It may be another disk than the folder it lies in, which nobody may be allowed to write to."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_text("old")
    with atomic_folder(tmp_path / "out", overwrite=True) as folder:
        assert folder.parent == tmp_path / "out"
        (folder / "run.json").write_text("new")
        (folder / "maps").mkdir()
        (folder / "maps" / "a").touch()
    found = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*"))
    assert found == ["out", "out/maps", "out/maps/a", "out/run.json"]
    assert (tmp_path / "out" / "run.json").read_text() == "new"


def test_a_file_elsewhere_that_cannot_be_used_is_not_the_output(tmp_path):
    with (
        pytest.raises(InputError, match=r"ct\.nii: could not be used \(No such file"),
        atomic_folder(tmp_path / "out"),
    ):
        (tmp_path / "ct.nii").read_bytes()
    with (
        pytest.raises(InputError, match=r"out: could not be written"),
        atomic_folder(tmp_path / "out") as folder,
    ):
        (folder / "maps" / "a").write_text("there is no such folder")
    assert not list(tmp_path.iterdir())


def test_leftovers_are_removed_but_not_what_is_being_written(tmp_path):
    killed = tmp_path / ".unfinished-killed"
    (killed / "maps").mkdir(parents=True)
    for name, age in (("old", 3600), ("new", 0)):
        file = tmp_path / f".unfinished-{name}.png"
        file.touch()
        os.utime(file, (time.time() - age, time.time() - age))
    with atomic_folder(tmp_path / "out") as folder:
        (folder / "a").touch()
        remove_unfinished(tmp_path)
        assert (folder / "a").exists() and not killed.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".unfinished-new.png", "out"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a"]


def test_what_lies_in_hidden_folders_is_hidden(tmp_path):
    """A bin on a share, thumbnails of a viewer, snapshots of a server."""
    for name in (".Trash-1000", "scan", "scan/.thumbnails"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.dcm").touch()
    assert files_below(tmp_path) == [tmp_path / "scan" / "1.dcm"]


def test_a_folder_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    (tmp_path / "locked").mkdir()
    listed = os.scandir

    def scandir(path):
        if str(path).endswith("locked"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(InputError, match=r"locked: cannot be read \(Permission denied\)"):
        files_below(tmp_path)


def test_a_folder_in_use_lets_no_second_run_in(tmp_path):
    with sole_use(tmp_path), pytest.raises(InputError, match="another run"), sole_use(tmp_path):
        pass
    assert names(tmp_path) == []
    (tmp_path / ".in-use").touch()  # of a run that was killed
    with sole_use(tmp_path):
        pass


def test_of_many_runs_that_come_and_go_no_two_are_in_a_folder_at_once(tmp_path):
    inside, most, times = [], 0, 0

    def come_and_go(number):
        nonlocal most, times
        for _ in range(300):
            with suppress(InputError), sole_use(tmp_path):
                inside.append(number)
                most, times = max(most, len(inside)), times + 1
                time.sleep(1e-5)  # others may run
                inside.remove(number)

    with ThreadPoolExecutor(8) as runs:
        list(runs.map(come_and_go, range(8)))
    assert (most, names(tmp_path)) == (1, [])
    assert times > 8


def test_a_file_system_without_locks_is_no_obstacle(tmp_path, monkeypatch):
    def unknown(_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(files, "lock", unknown)
    with sole_use(tmp_path):
        assert names(tmp_path) == [".in-use"]


def test_numbers_that_json_does_not_know_become_null(tmp_path):
    nan, inf = float("nan"), float("inf")
    content = {"a": [1.5, nan, (inf, 2)], "b": {"c": -inf, "d": "NaN", "e": None}, 3: True}
    write_json(tmp_path / "a.json", content)

    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    found = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert found == {"a": [1.5, None, [None, 2]], "b": {"c": None, "d": "NaN", "e": None}, "3": True}
    with pytest.raises(InputError, match="exists already"):
        write_json(tmp_path / "a.json", content)
