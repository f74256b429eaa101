"""The self-test of every module, which Slicer has behind "Reload and Test"."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

SCRIPT = """
import sys
from Testing import host
host.start()
host.load_module(sys.argv[1])
getattr(sys.modules[sys.argv[1]], sys.argv[1] + "Test")().runTest()
print("passed")
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", sorted(path.stem for path in ROOT.glob("*/*.py") if path.stem == path.parent.name)
)
def test_module_tests_itself(name):
    done = subprocess.run([sys.executable, "-c", SCRIPT, name], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "passed", done.stderr
