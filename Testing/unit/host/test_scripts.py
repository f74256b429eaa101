"""Slicer without a main window: what scripts get, and where they would hang."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from Testing.host.scripts import HANGS, split_options

CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.fixture
def run(tmp_path):
    def run(code, *arguments):
        path = tmp_path / "x.py"
        if code is not None:
            path.write_text(code)
        return subprocess.run(
            [sys.executable, "-m", "Testing.host", "--python-script", str(path), *arguments],
            capture_output=True,
            text=True,
            cwd=CHECKOUT,
            env={**os.environ, "HOST_PATIENCE_S": "0.5"},
            timeout=60,
        )

    return run


@pytest.mark.parametrize(
    ("given", "left"),
    [
        (["--python-script", "x.py", "--", "a", "b"], ["a", "b"]),
        (["--python-script", "x.py", "--testing", "a"], ["a"]),
        (["--no-main-window", "--python-script=x.py", "a", "--", "--testing"], ["a", "--testing"]),
    ],
)
def test_slicer_eats_its_own_options(given, left):
    assert split_options(given) == ("x.py", left)


def test_exit_does_not_stop_the_script(run):
    done = run(
        "import sys, slicer\n"
        "print(sys.argv[1:], slicer.app.layoutManager(), slicer.util.mainWindow())\n"
        "slicer.util.errorDisplay('only logged')\n"
        "slicer.util.exit(3)\n"
        "print('still here')\n",
        "--", "a", "--testing",
    )  # fmt: skip
    assert done.returncode == 3
    assert done.stdout.splitlines() == ["['a', '--testing'] None None", "still here"]
    assert "only logged" in done.stderr


def test_a_later_exit_counts(run):
    done = run("import qt, slicer\nqt.QTimer.singleShot(100, lambda: slicer.util.exit(4))")
    assert done.returncode == 4


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise ValueError('no')", "ValueError: no"),
        ("print('done')", "HANGS"),
        (None, "no such script"),
        ("import slicer\nslicer.util.confirmYesNoDisplay('Really?')\nslicer.util.exit(0)", "modal box"),
    ],
    ids=["exception", "no exit", "missing", "modal box"],
)
def test_what_hangs_in_slicer_ends_here_and_says_so(run, code, said):
    started = time.monotonic()
    done = run(code)
    assert done.returncode == HANGS
    assert said in done.stderr
    assert "HANGS" in done.stderr
    assert time.monotonic() - started < 40
