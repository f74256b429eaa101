"""Slicer imports every module when it starts: that has to be quick, and must not load what may be missing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 0.5
NOT_AT_START = {"torch", "skimage", "sklearn", "matplotlib", "scipy", "safetensors", "jinja2", "lightning"}

SCRIPT = """
import json, sys, time
from Testing import host
host.start()
import SimpleITK  # Slicer has loaded it, if only for its own modules
before = set(sys.modules)
start = time.process_time()
host.load_module(sys.argv[1])
loaded = time.process_time()
host.open_module(sys.argv[1])
opened = time.process_time()
new = {name.partition(".")[0] for name in set(sys.modules) - before}
print(json.dumps({"load": loaded - start, "open": opened - loaded, "new": sorted(new)}))
"""


def modules():
    return sorted(path.stem for path in ROOT.glob("*/*.py") if path.stem == path.parent.name)


@pytest.mark.parametrize("name", modules())
def test_module_and_panel_load_quickly_and_without_torch(name):
    command = [sys.executable, "-c", SCRIPT, name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert not NOT_AT_START & set(report["new"])
    assert report["load"] < SECONDS and report["open"] < SECONDS, report
    print(report["load"], report["open"])
