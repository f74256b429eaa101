"""Nothing stays in the temporary folder, and nothing of anybody else's is touched."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time

import pytest

from LungCAD.worker.job_folder import PREFIX, JobFolder, remove_job_folder, remove_orphans


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
