"""Plots hold what they should: read back as pixels."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from LungCAD.labels import load_schema
from LungCAD.report import plots
from LungCAD.report.evaluation import expansion_curve, risk_coverage

GAO = load_schema("gao5")
POSITIONS = [-20.0, -15.0, -10.0, -5.0]
COUNTS = np.array([[0, 0, 0, 0, 0, 0], [50, 0, 50, 0, 0, 0], [10, 0, 0, 80, 0, 10], [0, 0, 0, 0, 0, 0]])


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def count(picture: np.ndarray, color) -> int:
    return int((np.abs(picture - np.array(color)).max(axis=2) <= 3).sum())


def test_areas_along_z_are_proportional_to_the_shares():
    picture = pixels(plots.plot_along_z(POSITIONS, COUNTS, GAO))
    area = {label.code: count(picture, label.color) for label in GAO.labels}
    assert area["emphysema"] == area["micronodules"] == 0
    assert area["ground_glass"] / area["fibrosis"] == pytest.approx(50 / 80, rel=0.05)
    assert area["healthy"] / area["fibrosis"] == pytest.approx(60 / 80, rel=0.05)


def test_upper_slices_are_on_the_right():
    picture = pixels(plots.plot_along_z(POSITIONS, COUNTS, GAO))
    picture = picture[:, : picture.shape[1] * 2 // 3]  # without the legend
    columns = {
        code: np.nonzero(np.abs(picture - np.array(GAO.by_code(code).color)).max(axis=2) <= 3)[1]
        for code in ("ground_glass", "fibrosis")
    }
    assert columns["ground_glass"].max() <= columns["fibrosis"].min() + 1


@pytest.mark.parametrize("paper", [plots.LIGHT, plots.DARK])
def test_papers_differ_in_ground_and_ink(paper):
    curve = risk_coverage(np.linspace(0, 1, 50), np.arange(50) > 10)
    for png in (
        plots.plot_risk_coverage(curve, paper),
        plots.plot_expansion(expansion_curve(np.linspace(0, 1, 50), 5), paper),
        plots.plot_confusion(np.diag([5] * 5 + [0])[:5], GAO, paper),
        plots.plot_along_z(POSITIONS, COUNTS, GAO, paper),
    ):
        picture = pixels(png)
        ground = [int(paper.page[i : i + 2], 16) for i in (1, 3, 5)]
        ink = [int(paper.ink[i : i + 2], 16) for i in (1, 3, 5)]
        assert picture[0, 0].tolist() == ground
        assert count(picture, ink) > 50


def test_plots_without_lung_or_with_one_slice():
    assert pixels(plots.plot_along_z([0.0, 5.0], np.zeros((2, 6), int), GAO)).size
    one = pixels(plots.plot_along_z([0.0], COUNTS[1:2], GAO))
    assert count(one, GAO.by_code("ground_glass").color) > 1000


def test_a_label_without_truth_is_no_row_of_zeros():
    """A confusion row without voxels shows dashes: nothing was measured there."""
    counts = np.diag([5, 5, 5, 5, 0, 0])[:5]
    assert plots.plot_confusion(counts, GAO) != plots.plot_confusion(np.diag([5, 5, 5, 5, 5, 0])[:5], GAO)


def test_same_numbers_same_bytes():
    assert plots.plot_along_z(POSITIONS, COUNTS, GAO) == plots.plot_along_z(POSITIONS, COUNTS, GAO)
