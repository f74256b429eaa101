"""No worker outlives Slicer, however Slicer ends."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from Testing.unit.panels.jobs.conftest import LAUNCHED

SLICER = [sys.executable, str(Path(__file__).parent / "slicer_with_a_job.py")]
CHECKOUT = Path(__file__).parents[4]


@pytest.mark.parametrize("how", ["quits", "is killed"])
def test_no_worker_is_left_when_slicer(how, tmp_path, is_alive):
    slicer = subprocess.Popen(
        [*SLICER, *LAUNCHED],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(CHECKOUT)},
        text=True,
    )
    pid, folder = slicer.stdout.readline().split()
    assert is_alive(pid)
    assert Path(folder).is_dir()
    if how == "quits":
        slicer.communicate("quit\n")
        assert slicer.returncode == 0
    else:
        slicer.kill()
        slicer.wait()
    until = time.monotonic() + 3.0
    while (is_alive(pid) or Path(folder).exists()) and time.monotonic() < until:
        time.sleep(0.02)
    assert not is_alive(pid)
    assert not Path(folder).exists()
