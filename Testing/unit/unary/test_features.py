from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from LungCAD.unary.features import NARROW_PX, feature_names, texture_features


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


def test_a_histogram_bin_is_the_normalised_part_of_the_lung_in_it(tissue):
    lung = np.zeros_like(tissue, bool)
    lung[5:60, 30:100] = True
    two = np.where(tissue > -850, -690.0, -770.0)
    y, x = np.indices(tissue.shape)
    near = lung & (np.maximum(abs(y - 6), abs(x - 31)) <= int(3 * NARROW_PX + 0.5))
    weight = near * np.exp(-((y - 6.0) ** 2 + (x - 31.0) ** 2) / (2 * NARROW_PX**2))
    expected = weight[two == -690].sum() / weight.sum()
    features = dict(zip(feature_names(), texture_features(two, lung)[:, 6, 31], strict=True))
    assert features["part of -740 to -650 HU"] ** 2 == pytest.approx(expected, abs=0.15)
    assert features["part of -800 to -740 HU"] ** 2 == pytest.approx(1 - expected, abs=0.3)
    bins = [value**2 for name, value in features.items() if name.startswith("part of")]
    assert sum(bins) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_turning_the_slice_turns_the_features(tissue, turn):
    lung = np.zeros_like(tissue, bool)
    lung[10:80, 20:90] = True
    turned = texture_features(np.rot90(tissue, turn).copy(), np.rot90(lung, turn).copy())
    expected = np.rot90(texture_features(tissue, lung), turn, axes=(1, 2))
    inside = np.rot90(lung, turn)
    assert np.allclose(turned[:, inside], expected[:, inside], atol=2e-2, rtol=1e-3)


def patterned(lung, marks, contrast):
    hu = -850 + contrast * ndimage.gaussian_filter(marks.astype(float), 1.5)
    return dict(zip(feature_names(), texture_features(hu, lung)[:, 40, 40], strict=True))


def test_lines_dots_and_holes_are_told_apart():
    lung = np.ones((80, 80), bool)
    y, x = np.indices(lung.shape)
    dots = patterned(lung, (y % 8 == 0) & (x % 8 == 0), 3000)
    lines = patterned(lung, y % 8 == 0, 1500)
    holes = patterned(lung, (y % 8 == 0) & (x % 8 == 0), -6000)
    assert lines["bright lines of 1.4 px"] > dots["bright lines of 1.4 px"] + 0.5
    assert holes["dark holes of 1.4 px"] > dots["dark holes of 1.4 px"] + 0.5
    assert lines["coherence over 2.8 px"] > 0.7 > 0.5 > dots["coherence over 2.8 px"]


def test_wrong_shapes_are_named():
    with pytest.raises(ValueError, match="2-D"):
        texture_features(np.zeros((2, 3, 4)), np.ones((2, 3, 4), bool))
    with pytest.raises(ValueError, match="lung"):
        texture_features(np.zeros((3, 4)), np.ones((4, 3), bool))
