"""`lungcad bench xray` on a few small films."""

import json

import pytest

from LungCAD.cli import main
from LungCAD.cli.bench.xray import OURS, PLAIN


def test_both_find_the_same(tmp_path, capsys):
    numbers = tmp_path / "numbers.json"
    words = ["bench", "xray", "--films", "3", "--size", "96", "--rounds", "1", "--batch", "2"]
    assert main([*words, "--json", str(numbers)]) == 0
    result = json.loads(numbers.read_text(encoding="utf-8"))
    for threads in ("1 threads", "2 threads"):
        row = result[threads]
        assert row["pixels_unlike"] == pytest.approx(0, abs=1e-3)
        assert row[PLAIN]["films_per_s"] > 0 and row[OURS]["films_per_s"] > 0
        assert row[PLAIN]["peak_gb"] > row[PLAIN]["peak_over_input_gb"] >= 0
    assert capsys.readouterr().out.count("times as fast") == 2
