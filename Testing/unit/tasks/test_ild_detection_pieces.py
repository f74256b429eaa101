"""Curves along the scan, and where the pixels of the network's maps lie."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from LungCAD.networks.cnn_f import CNNF
from LungCAD.report.findings import Finding, Findings, SliceRange, SliceReading
from LungCAD.tasks.ild_detection.curve import judged_slices, ranges, smooth
from LungCAD.tasks.ild_detection.heat_map import aligned


def test_pixels_of_the_maps_are_where_the_image_moves_them():
    """The gradient of a pixel of the last maps is centred, in the image, where `aligned` puts that pixel."""
    torch.manual_seed(0)
    network = CNNF(2, width=1 / 16, dense=4).eval()
    layers = [layer for name, layer in network.features.named_children() if name.startswith("conv")]
    for layer in layers:  # all paths count alike: the centre is that of the receptive field
        torch.nn.init.constant_(layer.weight, 0.01)
        torch.nn.init.constant_(layer.bias, 1.0)
    image = torch.rand(1, 3, 224, 224, requires_grad=True)
    maps = image
    for name, layer in network.features.named_children():
        if name == "pool5":
            break
        maps = (
            torch.nn.functional.avg_pool2d(maps, 3, 2, ceil_mode=True, count_include_pad=False)
            if name.startswith("pool")
            else layer(maps)
        )
    for row, column in ((4, 6), (7, 5)):
        (gradient,) = torch.autograd.grad(maps[0, 0, row, column], image, retain_graph=True)
        weight = gradient[0].abs().sum(0)
        spot = torch.zeros(1, 13, 13)
        spot[0, row, column] = 1
        cells = aligned(spot)[0]
        for axis in (0, 1):
            centre = (weight.sum(1 - axis) * torch.arange(224)).sum() / weight.sum()
            placed = (cells.sum(1 - axis) * (8 * torch.arange(28) + 3.5)).sum() / cells.sum()
            assert placed == pytest.approx(float(centre), abs=0.6)


def test_constant_maps_stay_constant():
    torch.testing.assert_close(aligned(torch.full((2, 13, 13), 0.7)), torch.full((2, 28, 28), 0.7))


@given(st.lists(st.booleans(), min_size=1, max_size=30))
def test_ranges_are_the_runs(above):
    curve = np.where(above, 0.7, 0.2).astype(np.float32)
    numbers, positions = list(range(100, 100 - len(above), -1)), [3.0 * z for z in range(len(above))]
    found = list(ranges(curve, 0.5, numbers, positions))
    covered = np.zeros(len(above), bool)
    for one in found:
        start, stop = numbers.index(one.first), numbers.index(one.last)
        assert not covered[max(start - 1, 0) : stop + 1].any()
        covered[start : stop + 1] = True
        assert (one.from_mm, one.to_mm) == (positions[start], positions[stop])
    assert covered.tolist() == above


def test_a_range_knows_its_peak():
    curve = np.array([0.1, 0.6, 0.9, 0.5, 0.1], np.float32)
    (found,) = ranges(curve, 0.5, [1, 2, 3, 4, 5], [0.0, 1, 2, 3, 4])
    assert found == SliceRange(2, 4, 1, 3, 3, pytest.approx(0.9))


@pytest.mark.parametrize(("spacing", "sigma"), [(1.0, 3.0), (8.0, 5.0), (5.0, 0.0)])
def test_smoothing_against_brute_force(spacing, sigma):
    values = np.random.default_rng(0).random((9, 2)).astype(np.float32)
    expected = np.empty_like(values)
    for z in range(9):
        weights = [
            np.exp(-((spacing * (z - k)) ** 2) / (2 * sigma**2)) if sigma else z == k for k in range(9)
        ]
        expected[z] = np.average(values, axis=0, weights=weights)
    np.testing.assert_allclose(smooth(values, spacing, sigma), expected, atol=2e-4)
    np.testing.assert_allclose(smooth(np.full((9, 1), 0.3, np.float32), spacing, sigma), 0.3, atol=1e-6)


def test_slices_without_air_between_lungs_are_judged():
    areas = np.array([0.0, 3.0, 40.0, 2.0, 60.0, 19.0, 0.0])
    assert judged_slices(areas, 20.0, 8.0, 0.0).tolist() == [False, False, True, True, True, False, False]
    assert judged_slices(areas, 0.0, 8.0, 0.0).tolist() == [False, True, True, True, True, True, False]
    assert not judged_slices(np.zeros(3), 0.0, 8.0, 24.0).any()


def test_slices_near_aerated_lung_are_judged():
    areas = np.array([0.0, 0.0, 0.0, 40.0, 0.0, 60.0, 0.0])
    assert np.flatnonzero(judged_slices(areas, 20.0, 8.0, 16.0)).tolist() == [1, 2, 3, 4, 5, 6]
    assert np.flatnonzero(judged_slices(areas, 20.0, 8.0, 15.9)).tolist() == [2, 3, 4, 5, 6]
    assert np.flatnonzero(judged_slices(areas, 20.0, 1.0, 2.0)).tolist() == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("ranges", "probability", "present", "doubtful"),
    [(1, 0.6, True, False), (1, 0.5, True, False), (1, 0.4, False, True), (0, 0.6, False, False)],
)
def test_a_scan_has_what_a_slice_shows_and_is_likely(ranges, probability, present, doubtful):
    shown = (SliceRange(1, 1, 0, 0, 1, 0.9),) * ranges
    finding = Finding("x", "X", (0, 0, 0), 0.5, probability, shown, 0.9, 0.5)
    assert (finding.present, finding.doubtful) == (present, doubtful)
    unread = dataclasses.replace(finding, probability=None, ranges=())
    assert (unread.present, unread.doubtful) == (None, False)


def test_slices_worth_reading():
    """Peaks first, the surest before the others; then what comes nearest to a threshold, spread out."""
    curve = [0.1, 0.2, 0.8, 0.2, 0.1, 0.4, 0.45, 0.4, 0.1, 0.95]
    slices = tuple(
        SliceReading(20 - index, float(index), 50.0, (value,), (value,)) for index, value in enumerate(curve)
    )
    two = SliceRange(18, 18, 2, 2, 18, 0.8), SliceRange(11, 11, 9, 9, 11, 0.95)
    findings = Findings(slices, (Finding("x", "X", (0, 0, 0), 0.5, 0.95, two),))
    assert findings.worth_reading(3) == [9, 2, 6]
    assert findings.worth_reading(1) == [9]
    nothing = Findings((SliceReading(1, 0.0, 0.0),), (Finding("x", "X", (0, 0, 0), 0.5, None),))
    assert nothing.worth_reading(3) == []
