"""The file of a benchmark's numbers is tried before minutes are spent on them."""

from __future__ import annotations

import pytest

from LungCAD.cli import main
from LungCAD.cli.bench import command


@pytest.fixture(params=sorted(command.SUBJECTS))
def benchmark(request, monkeypatch):
    """A benchmark that must not begin."""

    def begun(options):
        raise AssertionError("it began")

    monkeypatch.setattr(command._module(request.param), "run", begun)
    return request.param


def refuse(capsys, benchmark, path):
    assert main(["bench", benchmark, "--json", str(path)]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    return line


def test_numbers_that_are_there_stay(benchmark, tmp_path, capsys):
    path = tmp_path / "numbers.json"
    path.write_text("{}", encoding="utf-8")
    assert "exists already" in refuse(capsys, benchmark, path)
    assert path.read_text(encoding="utf-8") == "{}"


def test_a_folder_that_is_not_there(benchmark, tmp_path, capsys):
    assert "missing: cannot be written to" in refuse(capsys, benchmark, tmp_path / "missing" / "numbers.json")


def test_numbers_are_replaced_where_that_is_asked_for(benchmark, tmp_path, capsys):
    path = tmp_path / "numbers.json"
    path.write_text("{}", encoding="utf-8")
    assert main(["bench", benchmark, "--json", str(path), "--overwrite"]) == 1
    assert "it began" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["numbers.json"]
