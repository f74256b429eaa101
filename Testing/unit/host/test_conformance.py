"""A real Slicer's Python layer takes the place of ours where SLICER_BASE_PYTHON names one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from Testing.host.conformance import VARIABLE

CHECKOUT = Path(__file__).resolve().parents[3]
LAYER = {
    "ScriptedLoadableModule.py": "import ctk, qt, slicer\n",
    "parameterNodeWrapper/__init__.py": (
        "import ctk, qt, slicer\n"
        "from .guiConnectors import tree\n"
        "assert type(ctk.ctkDirectoryButton()) is ctk.ctkDirectoryButton\n"
    ),
    "parameterNodeWrapper/guiConnectors.py": (
        "from qSlicerSubjectHierarchyModuleWidgetsPythonQt import qMRMLSubjectHierarchyTreeView as tree\n"
    ),
}


def run(folder, *command):
    return subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
        env={**os.environ, VARIABLE: str(folder)},
        timeout=600,
    )


def test_the_real_layer_takes_the_place_of_ours(tmp_path):
    for name, text in LAYER.items():
        path = tmp_path / "slicer" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    code = (
        "from Testing import host; host.start(); import slicer; print(slicer.parameterNodeWrapper.__file__)"
    )
    done = run(tmp_path, "-c", code)
    assert done.stdout.strip() == str(tmp_path / "slicer/parameterNodeWrapper/__init__.py"), done.stderr


def test_a_folder_without_a_slicer_is_named(tmp_path):
    done = run(tmp_path, "-c", "from Testing import host; host.start()")
    assert done.returncode != 0
    assert str(tmp_path) in done.stderr


@pytest.mark.skipif(VARIABLE not in os.environ, reason=f"{VARIABLE} names no real Slicer")
def test_slicers_own_tests_pass_in_the_host():
    done = run(os.environ[VARIABLE], "-m", "Testing.host.conformance")
    lines = dict(line.split(": ") for line in done.stdout.splitlines() if line.startswith("test_slicer"))
    for name in ("test_slicer_parameter_node_wrapper", "test_slicer_parameter_pack"):
        passed, total = lines[name].split(" of ")
        assert passed == total, done.stderr
