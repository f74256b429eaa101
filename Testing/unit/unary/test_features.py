from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from LungCAD.unary.features import POOLING_PX, feature_names, texture_features


@pytest.fixture
def tissue():
    rng = np.random.default_rng(3)
    return -850 + 400 * ndimage.gaussian_filter(rng.normal(size=(90, 110)), 1.5).astype(np.float32)


def test_one_finite_map_per_name(tissue):
    lung = ndimage.binary_erosion(np.ones_like(tissue, bool), iterations=10)
    features = texture_features(tissue, lung)
    assert features.shape == (len(feature_names()), *tissue.shape)
    assert features.dtype == np.float32
    assert np.isfinite(features[:, lung]).all()
    assert len(set(feature_names())) == len(feature_names())


def test_nothing_outside_the_lung_changes_anything_inside(tissue):
    lung = np.zeros_like(tissue, bool)
    lung[20:70, 15:60] = True
    lung[33, 33] = False
    wall = np.where(lung, tissue, 60.0)
    air = np.where(lung, tissue, -1024.0)
    assert np.array_equal(texture_features(wall, lung)[:, lung], texture_features(air, lung)[:, lung])


def test_uniform_tissue_looks_the_same_at_the_pleura_as_in_the_middle():
    hu = np.full((60, 60), 100.0)
    lung = np.zeros(hu.shape, bool)
    lung[10:50, 10:50] = True
    hu[lung] = -870.0
    features = texture_features(hu, lung)[:, lung]
    assert np.ptp(features, axis=1).max() < 0.05


def test_first_feature_is_the_normalised_mean(tissue):
    lung = np.zeros_like(tissue, bool)
    lung[5:60, 30:100] = True
    sigma = POOLING_PX[0]
    y, x = np.indices(tissue.shape)
    near = lung & (np.maximum(abs(y - 6), abs(x - 31)) <= int(3 * sigma + 0.5))
    weight = near * np.exp(-((y - 6.0) ** 2 + (x - 31.0) ** 2) / (2 * sigma**2))
    expected = (weight * tissue).sum() / weight.sum()
    assert texture_features(tissue, lung)[0, 6, 31] == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_turning_the_slice_turns_the_features(tissue, turn):
    lung = np.zeros_like(tissue, bool)
    lung[10:80, 20:90] = True
    turned = texture_features(np.rot90(tissue, turn).copy(), np.rot90(lung, turn).copy())
    expected = np.rot90(texture_features(tissue, lung), turn, axes=(1, 2))
    inside = np.rot90(lung, turn)
    assert np.allclose(turned[:, inside], expected[:, inside], atol=2e-2, rtol=1e-3)


def test_bright_dots_and_bright_lines_are_told_apart():
    lung = np.ones((80, 80), bool)
    dots, lines = (np.zeros(lung.shape) for _ in range(2))
    dots[::8, ::8] = 1
    lines[::8] = 1
    names = feature_names()
    blobs, ridges = (
        names.index(f"bright {kind} 1.4 px in {POOLING_PX[0]:g} px") for kind in ("blobs", "lines")
    )
    of_dots, of_lines = (
        texture_features(-850 + 3000 * ndimage.gaussian_filter(marks, 1.5), lung)[:, 40, 40]
        for marks in (dots, lines)
    )
    assert of_dots[blobs] > of_lines[blobs] + 1
    assert of_lines[ridges] - of_lines[blobs] > of_dots[ridges] - of_dots[blobs] + 1


def test_wrong_shapes_are_named():
    with pytest.raises(ValueError, match="2-D"):
        texture_features(np.zeros((2, 3, 4)), np.ones((2, 3, 4), bool))
    with pytest.raises(ValueError, match="lung"):
        texture_features(np.zeros((3, 4)), np.ones((4, 3), bool))
