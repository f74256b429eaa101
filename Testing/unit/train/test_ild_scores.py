"""What is said of folds and of pixels, in closed form."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from LungCAD.train.confusion import ConfusionTable
from LungCAD.train.ild.scores import markdown, scores_csv, summary
from LungCAD.train.ild.training import confusion_of
from Testing.unit.train.drawn_slices import TINY, drawing, drawings


def test_scores_in_closed_form():
    tables = [
        ConfusionTable(np.array([[8, 2], [0, 10]]), ("healthy", "fibrosis")),
        ConfusionTable(np.array([[10, 0], [5, 5]]), ("healthy", "fibrosis")),
    ]
    result = summary(tables)
    assert result["balanced_accuracy"] == {"mean": 0.825, "sd": 0.075, "worst": 0.75}
    assert result["dice"]["healthy"]["mean"] == pytest.approx((16 / 18 + 20 / 25) / 2, abs=1e-4)
    assert "| fibrosis | 0.750 ± 0.250 |" in markdown(tables)
    assert "| healthy | 0.9000 | 0.1000 |" in markdown(tables)
    assert scores_csv(tables).splitlines()[1] == "1,0.9000,healthy,0.8000,0.8889"


def test_confusion_counts_labelled_pixels_alone():
    class Bright(torch.nn.Module):
        def forward(self, images):
            levels = torch.tensor([0.11, 0.33, 0.83]).view(1, 3, 1, 1)
            return -(images - levels).abs()

    one = replace(drawings(1, 1), slices=(drawing(0, "a"),))
    table = confusion_of(Bright(), one, TINY)
    assert table.counts.sum() == (one.slices[0].targets >= 0).sum()
    assert table.balanced_accuracy > 0.99
