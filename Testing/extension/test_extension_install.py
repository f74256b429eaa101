"""A file forgotten by CMake is the usual way an extension breaks: what is installed is complete and works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

IMPORT_EVERYTHING = Path(__file__).parent / "import_everything.py"


def module_names(tracked_files):
    """Top-level folders that hold a script of their own name are Slicer modules."""
    return [path.stem for path in tracked_files if len(path.parts) == 2 and path.parts[0] == path.stem]


def expected_files(tracked_files):
    modules = module_names(tracked_files)
    for path in tracked_files:
        if path.name == "CMakeLists.txt" or path.is_relative_to("Resources/Screenshots"):
            continue
        if path.parts[0] in ("LungCAD", "Resources"):
            yield path
        elif path.parts[0] in modules:
            yield path.relative_to(path.parts[0])


def test_what_is_installed_is_what_is_tracked(extension, tracked_files):
    folder = extension.modules_folder
    installed = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert installed == sorted(expected_files(tracked_files))
    for path in installed:
        assert (folder / path).stat().st_size == (_source_of(path, extension.source)).stat().st_size


def _source_of(path: Path, source: Path) -> Path:
    (origin,) = [p for p in (source / path, *source.glob(f"*/{path}")) if p.is_file()]
    return origin


def test_every_module_is_built(extension, tracked_files):
    assert "CRFLabelPropagation" in module_names(tracked_files)
    for name in module_names(tracked_files):
        assert (extension.modules_folder / f"{name}.py").is_file()
        assert (extension.modules_folder / f"Resources/Icons/{name}.png").is_file()


def test_the_installed_tree_imports_and_finds_its_resources(extension, tmp_path):
    """In a fresh process that starts elsewhere; nothing may come from the checkout."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    command = [sys.executable, IMPORT_EVERYTHING, extension.modules_folder]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    names = json.loads(done.stdout.splitlines()[-1])
    assert {"LungCAD.cli.main", "LungCAD.tasks.label_propagation", "CRFLabelPropagation"} <= set(names)


@pytest.mark.slow
def test_a_file_added_after_configuring_is_installed_too(build_extension):
    extension = build_extension()
    added = [
        Path("LungCAD/labels/yesterday.py"),
        Path("LungCAD/labels/schemas/yesterday.json"),
        Path("Resources/yesterday/settings.txt"),
    ]
    for path in added:
        (extension.source / path).parent.mkdir(exist_ok=True)
        (extension.source / path).write_text("")
    extension.make()
    assert all((extension.modules_folder / path).is_file() for path in added)


def test_every_slicer_test_is_registered(extension, tracked_files):
    listing = subprocess.run(
        ["ctest", "--show-only=json-v1"], cwd=extension.build, capture_output=True, text=True, check=True
    )
    tests = {test["name"]: test["command"] for test in json.loads(listing.stdout)["tests"]}
    scripts = [path for path in tracked_files if path.match("Testing/slicer/test_*.py")]
    for script in scripts:
        assert "--no-main-window" in tests[f"py_nomainwindow_{script.stem}"]
    for name in module_names(tracked_files):
        assert f"py_{name}" in tests
