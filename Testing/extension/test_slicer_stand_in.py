"""The stand-in of Slicer's CMake macros refuses what the real ones refuse."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

STAND_IN = Path(__file__).parent / "slicer_stand_in"

pytestmark = pytest.mark.skipif(not shutil.which("cmake"), reason="cmake is not installed")


def configure(folder, *lines):
    text = "\n".join(
        [
            "cmake_minimum_required(VERSION 3.20.6...3.22.6)",
            "project(Tiny LANGUAGES NONE)",
            "find_package(Slicer REQUIRED)",
            "include(${Slicer_USE_FILE})",
            *lines,
        ]
    )
    (folder / "CMakeLists.txt").write_text(text)
    (folder / "Tiny.py").write_text("")
    build = folder / "build"
    command = ["cmake", "-S", folder, "-B", build, f"-DSlicer_DIR={STAND_IN}"]
    return subprocess.run(command, capture_output=True, text=True), build


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("slicerMacroBuildScriptedModule(SCRIPTS Tiny.py)", "NAME is mandatory"),
        ("slicerMacroBuildScriptedModule(NAMES Tiny SCRIPTS Tiny.py)", "Unknown keywords"),
        ("slicerMacroBuildScriptedModule(NAME Tiny SCRIPTS Gone.py)", "nonexistent"),
        ("slicerMacroBuildScriptedModule(NAME Tiny SCRIPTS Tiny.py RESOURCES gone.ui)", "nonexistent"),
        ("slicer_add_python_unittest(SCRIPT Gone.py)", "slicer_add_python_unittest"),
        ("include(${Slicer_EXTENSION_GENERATE_CONFIG})", "EXTENSION_HOMEPAGE is not set"),
    ],
)
def test_refuses(tmp_path, line, complaint):
    done, _ = configure(tmp_path, line)
    assert done.returncode != 0
    assert complaint in " ".join(done.stderr.split())


def test_a_script_without_suffix_is_a_python_file(tmp_path):
    done, build = configure(tmp_path, "slicerMacroBuildScriptedModule(NAME Tiny SCRIPTS Tiny)")
    assert done.returncode == 0, done.stderr
    subprocess.run(["cmake", "--build", build], check=True, capture_output=True)
    assert (build / "lib/Slicer-5.12/qt-scripted-modules/Tiny.py").is_file()
