"""`lungcad bench ild` on a few small slices."""

import json

from LungCAD.cli import main
from LungCAD.cli.bench.ild import CROPS, OURS, SLICES


def test_ours_is_the_plain_module(tmp_path, capsys):
    numbers = tmp_path / "numbers.json"
    words = ["bench", "ild", "--slices", "3", "--size", "96", "--rounds", "1", "--threads", "1"]
    assert main([*words, "--json", str(numbers)]) == 0
    result = json.loads(numbers.read_text(encoding="utf-8"))
    assert result["labels_alike"] >= 0.9999
    assert result[OURS]["speed of ours"] == 1
    assert all(result[name]["seconds_per_slice"] > 0 for name in (SLICES, CROPS, OURS))
    assert result["whole segmentation"]["peak_gb"] > result["whole segmentation"]["peak_over_input_gb"] > 0
    assert "times as long as ours" in capsys.readouterr().out
