"""The one-dimensional approximations that the error of the whole rests on."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from LungCAD.crf.axes import curve_axis, grey_axis, spatial_axis
from LungCAD.crf.band import NodeKernel
from LungCAD.crf.grey_curve import arc_length, grey_levels, hu_at
from LungCAD.images.windows import GAO, SAPSAM


def interpolation(axis, places):
    matrix = np.zeros((len(places), len(axis.kernel)))
    for node, weight in axis.taps(torch.as_tensor(places)):
        assert node.dtype == torch.int32
        assert weight.dtype == torch.float32
        matrix[np.arange(len(places)), node.numpy()] += weight.numpy()
    return matrix


def assert_approximates(axis, places, features, tolerance):
    matrix = interpolation(axis, places)
    np.testing.assert_allclose(matrix.sum(1), 1, atol=1e-6)
    wanted = np.exp(-((features[:, None] - features[None]) ** 2).sum(-1) / 2)
    error = matrix @ axis.kernel @ matrix.T - wanted
    assert np.linalg.norm(error) <= tolerance * np.linalg.norm(wanted)


@pytest.mark.parametrize("extent", [1, 2, 3, 40, 301])
@pytest.mark.parametrize("theta", [0.3, 2.0, 2.3, 3.0, 5.0, 8.0, 30.0, 80.0, 1000.0])
@pytest.mark.parametrize("tent_spacing", [0.2, 0.4])
def test_spatial_axis(extent, theta, tent_spacing):
    places = np.arange(extent)
    axis = spatial_axis(extent, theta, tent_spacing)
    assert_approximates(axis, places, places[:, None] / theta, 0.01)


def test_three_pixels_need_only_half_the_nodes():
    assert len(spatial_axis(300, 3.0, 0.2).kernel) < 155


@pytest.mark.parametrize("windows", [GAO, SAPSAM, ((-1000, 0),)])
@pytest.mark.parametrize("theta", [5.0, 13.0, 60.0])
def test_curve_axis(windows, theta):
    hu = np.random.default_rng(0).uniform(-1100, 300, 300)
    places = arc_length(hu, windows)
    axis = curve_axis(windows, theta, places.min(), places.max())
    assert_approximates(axis, places.astype(np.float32), grey_levels(hu, windows) / theta, 0.03)


def test_curve_axis_covers_only_what_occurs():
    whole = curve_axis(GAO, 13.0, 0.0, 1e9)
    part = curve_axis(GAO, 13.0, *arc_length(np.array([-900.0, -800.0]), GAO))
    assert len(part.kernel) < len(whole.kernel) / 5


@pytest.mark.parametrize(("low", "high"), [(0, 255), (7, 7), (100, 103)])
def test_grey_axis(low, high):
    grey = np.linspace(low, high, 90)
    assert_approximates(grey_axis(13.0, low, high), grey.astype(np.float32), grey[:, None] / 13, 0.05)


def test_arc_length_and_back():
    hu = np.linspace(-1400, 240, 500)
    np.testing.assert_allclose(hu_at(arc_length(hu, GAO), GAO), hu, atol=1e-6)
    steps = np.linalg.norm(np.diff(grey_levels(np.linspace(-1400, 240, 200001), GAO), axis=0), axis=1)
    assert arc_length(np.array(240.0), GAO) == pytest.approx(steps.sum(), rel=1e-4)


@pytest.mark.parametrize("nodes", [5, 60, 61, 133])
def test_banded_products(nodes):
    kernel = torch.from_numpy(spatial_axis(2 * nodes - 5, 3.0, 0.2).kernel)
    values = torch.rand(len(kernel), 7, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(NodeKernel(kernel) @ values, kernel @ values, atol=3e-4, rtol=0)


def test_products_with_a_kernel_that_is_no_band():
    kernel = torch.rand(70, 70, generator=torch.Generator().manual_seed(0))
    values = torch.rand(70, 3)
    torch.testing.assert_close(NodeKernel(kernel) @ values, kernel @ values)
