"""The script for Slicer without a window: an exit code always comes, whatever happens."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from LungCAD.mrml import slicer_batch

AS_SLICER_RUNS_SCRIPTS = """
import sys
from types import ModuleType
script, sys.argv = sys.argv[1], sys.argv[1:]
class Packaging(ModuleType):
    load_requirements = staticmethod(lambda path: open(path).read())
    pip_check = staticmethod(lambda requirement: {torch})
    pip_ensure = staticmethod(lambda *arguments, **keywords: None)
slicer = sys.modules["slicer"] = ModuleType("slicer")
slicer.packaging = sys.modules["slicer.packaging"] = Packaging("slicer.packaging")
slicer.util = sys.modules["slicer.util"] = ModuleType("slicer.util")
slicer.util.exit = lambda code: print("Slicer ends with", code)
sys.path[:] = [folder for folder in sys.path if folder not in ("", {root!r})]
__file__ = script
exec(open(script).read(), globals())
"""


@pytest.fixture
def packaging(monkeypatch):
    """Slicer's package manager that meets every requirement and remembers what it was asked."""
    slicer = pytest.importorskip("slicer")
    asked = []
    stand_in = SimpleNamespace(
        asked=asked,
        pip_check=lambda requirement: True,
        load_requirements=lambda path: Path(path).read_text(encoding="utf-8").split(),
        pip_ensure=lambda requirements, **how: asked.append((requirements, how)),
    )
    monkeypatch.setattr(slicer, "packaging", stand_in, raising=False)
    monkeypatch.setitem(sys.modules, "slicer.packaging", stand_in)
    return stand_in


def run_as_slicer_does(*words, torch=True):
    code = AS_SLICER_RUNS_SCRIPTS.format(torch=torch, root=str(slicer_batch.ROOT))
    command = [sys.executable, "-c", code, slicer_batch.__file__, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, cwd="/")


def test_packages_are_installed_without_a_question(packaging, tmp_path):
    assert slicer_batch.run(["propagate", "--input", str(tmp_path), "--output", str(tmp_path / "out")]) == 2
    [(requirements, how)] = packaging.asked
    assert "scikit-learn>=1.3" in requirements
    assert not any(how[question] for question in ("prompt_install", "prompt_restart", "show_progress"))
    assert {"torch", "SimpleITK", "numpy"} <= set(how["skip_packages"])


def test_bad_words_and_help_give_their_codes(packaging, capsys):
    assert slicer_batch.run([]) == 2
    assert slicer_batch.run(["propagate", "--input"]) == 2
    assert slicer_batch.run(["propagate", "--help"]) == 0
    assert "INPUT/" in capsys.readouterr().out


@pytest.mark.parametrize("trouble", [RuntimeError("no network"), KeyboardInterrupt(), SystemExit("stop")])
def test_nothing_escapes(packaging, capsys, trouble):
    def fail(*arguments, **keywords):
        raise trouble

    packaging.pip_ensure = fail
    assert slicer_batch.run(["propagate"]) == 1


def test_missing_torch_is_said(packaging, capsys):
    packaging.pip_check = lambda requirement: False
    assert slicer_batch.run(["propagate"]) == 1
    assert "extension PyTorch" in capsys.readouterr().err
    assert not packaging.asked


def test_slicer_ends_with_the_code(tmp_path):
    done = run_as_slicer_does("propagate", "--input", tmp_path / "nowhere", "--output", tmp_path / "out")
    assert "Slicer ends with 2" in done.stdout, done.stderr
    assert "nowhere: is not a folder" in done.stderr
    assert done.returncode == 0
    done = run_as_slicer_does("propagate", torch=False)
    assert "Slicer ends with 1" in done.stdout, done.stderr
