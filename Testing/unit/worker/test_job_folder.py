"""Nothing stays in the temporary folder, and nothing of anybody else's is touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time

import pytest

from LungCAD.worker.job_folder import LOCK, PREFIX, JobFolder, remove_job_folder, remove_orphans


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def make_old(path):
    long_ago = time.time() - 1000
    os.utime(path, (long_ago, long_ago))


def test_made_for_one_user_and_removed_whole():
    folder = JobFolder()
    (folder.path / "image.raw").write_bytes(b"voxels")
    assert folder.path.stat().st_mode & 0o077 == 0
    folder.remove()
    assert not folder.path.exists()


def test_the_folder_of_a_killed_process_is_removed_by_the_next(temporary):
    script = (
        "import tempfile, os; tempfile.tempdir = os.sys.argv[1]\n"
        "from LungCAD.worker.job_folder import JobFolder\n"
        "print(JobFolder().path, flush=True); os.kill(os.getpid(), 9)"
    )
    command = [sys.executable, "-c", script, str(temporary)]
    orphan = temporary / subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    assert orphan.is_dir()
    remove_orphans()
    assert orphan.is_dir()  # too young to tell
    make_old(orphan)
    remove_orphans()
    assert not orphan.exists()


@pytest.mark.parametrize("after", [0, 1, 15, 29])
def test_a_removal_cut_short_is_taken_up_again(monkeypatch, after):
    """As when a worker, which removes the folder since its panel is gone, is killed at that."""
    folder, unlink, removed = JobFolder(), os.unlink, []
    for number in range(30):  # however a file system orders them, some come after the lock
        (folder.path / f"{number}-image.raw").write_bytes(b"voxels")

    def die(path, **options):
        if len(removed) == after:
            raise KeyboardInterrupt
        removed.append(path)
        unlink(path, **options)

    with monkeypatch.context() as patch:
        patch.setattr("os.unlink", die)
        with pytest.raises(KeyboardInterrupt):
            remove_job_folder(folder.path)
    make_old(folder.path)
    folder._lock.close()  # as when the panel has been killed as well
    remove_orphans()
    assert not folder.path.exists()


def test_what_a_dying_worker_left_is_removed_without_a_lock():
    folder = JobFolder()
    (folder.path / "image.raw").write_bytes(b"voxels")
    (folder.path / LOCK).unlink()
    folder.remove()
    assert not folder.path.exists()


def test_a_file_that_comes_while_the_folder_is_removed(monkeypatch):
    folder, rmtree, late = JobFolder(), shutil.rmtree, []

    def remove(path, **options):
        if not late:
            late.append(path)
            (folder.path / LOCK).unlink()
            (folder.path / "1-labels.raw").write_bytes(b"voxels")
            return
        rmtree(path, **options)

    monkeypatch.setattr("shutil.rmtree", remove)
    folder.remove()
    assert late
    assert not folder.path.exists()


def test_what_cannot_be_removed_yet_is_the_next_panel_s(monkeypatch):
    """As on Windows, where a file that is open stays."""
    folder, unlink = JobFolder(), os.unlink
    (folder.path / "open.raw").write_bytes(b"voxels")
    (folder.path / "closed.raw").write_bytes(b"voxels")

    def refuse(path, **options):
        if os.fspath(path).endswith("open.raw"):
            raise PermissionError(13, "in use", path)
        unlink(path, **options)

    with monkeypatch.context() as patch:
        patch.setattr("os.unlink", refuse)
        folder.remove()
    assert {entry.name for entry in folder.path.iterdir()} == {LOCK, "open.raw"}
    make_old(folder.path)
    remove_orphans()
    assert not folder.path.exists()


def test_a_folder_in_use_stays():
    folder = JobFolder()
    make_old(folder.path)
    remove_orphans()
    assert folder.path.is_dir()


@pytest.mark.parametrize("name", ["thesis", f"{PREFIX}copied"])
def test_a_folder_that_is_not_ours_is_never_removed(temporary, name):
    other = temporary / name
    other.mkdir()
    (other / "work.txt").write_text("years")
    make_old(other)
    remove_orphans()
    remove_job_folder(other)
    assert (other / "work.txt").exists()
