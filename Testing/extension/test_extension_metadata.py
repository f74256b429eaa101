"""What the Extensions Index and pip are told agrees with what CMake and pyproject.toml say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]

INDEX_KEYS = {
    "$schema",
    "build_dependencies",
    "build_subdirectory",
    "category",
    "dicom_support_rule",
    "enabled",
    "scm_revision",
    "scm_type",
    "scm_url",
    "tier",
}
"""Of the schema v1.0.2, which allows no others."""

BROUGHT_BY_SLICER = {"numpy", "scipy", "SimpleITK"}
BROUGHT_BY_PYTORCH_EXTENSION = {"torch"}


@pytest.fixture
def description(extension):
    """What the Extensions Manager shows."""
    lines = (extension.build / "LungCAD.s4ext").read_text(encoding="utf-8").splitlines()
    return dict(line.split(" ", 1) for line in lines)


def test_index_entry_agrees_with_cmake(description):
    entry = json.loads((ROOT / "LungCAD.json").read_text(encoding="utf-8"))
    assert entry.keys() <= INDEX_KEYS
    assert entry["$schema"].endswith("slicer-extension-catalog-entry-schema-v1.0.2.json#")
    assert entry["category"] == description["category"]
    assert entry["scm_url"] == f"{description['homepage']}.git"
    assert " ".join(entry["build_dependencies"]) == description["depends"]
    assert entry["scm_type"] == "git" and 1 <= entry["tier"] <= 5


def test_pictures_named_in_the_metadata_exist(description):
    urls = [description["iconurl"], *description["screenshoturls"].split()]
    for url in urls:
        path = ROOT / url.removeprefix(f"{description['homepage']}/raw/main/")
        with Image.open(path) as picture:
            assert picture.format == "PNG"
    with Image.open(ROOT / "Resources/Icons/LungCAD.png") as icon:
        assert icon.size == (128, 128)


def test_requirements_are_those_of_the_package():
    tomllib = pytest.importorskip("tomllib")
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    brought = BROUGHT_BY_SLICER | BROUGHT_BY_PYTORCH_EXTENSION
    expected = {line for line in declared if re.match(r"[\w-]+", line).group() not in brought}
    lines = (ROOT / "Resources/requirements.txt").read_text(encoding="utf-8").splitlines()
    required = [line for line in lines if line and not line.startswith("#")]
    assert set(required) == expected and len(required) == len(expected)


def test_requirements_are_readable_for_slicer():
    """Slicer parses every line that is no comment as one requirement: no options, no trailing comments."""
    from packaging.requirements import Requirement

    for line in (ROOT / "Resources/requirements.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            assert Requirement(line).specifier
