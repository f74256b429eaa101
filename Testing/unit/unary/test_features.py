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


@pytest.mark.parametrize("shape", [(1, 60), (60, 1), (1, 1), (2, 40)])
def test_a_sliver_of_lung_is_described_as_in_a_whole_slice(tissue, shape):
    """A scan's last slice with lung may show one row of it."""
    box = tuple(slice(20, 20 + size) for size in shape)
    lung = np.zeros_like(tissue, bool)
    lung[box] = True
    alone = texture_features(tissue[box], lung[box])
    assert alone.shape == (len(feature_names()), *shape)
    whole = texture_features(tissue, lung)[(slice(None), *box)]
    density = [number for number, name in enumerate(feature_names()) if "part below" in name]
    np.testing.assert_allclose(alone[density], whole[density], atol=0.05)
    assert np.isfinite(alone).all()


def test_uniform_tissue_looks_the_same_at_the_pleura_as_in_the_middle():
    hu = np.full((60, 60), 100.0)
    lung = np.zeros(hu.shape, bool)
    lung[10:50, 10:50] = True
    hu[lung] = -870.0
    features = texture_features(hu, lung)[:, lung]
    assert np.ptp(features, axis=1).max() < 0.05


def test_density_is_counted_within_the_lung_only(tissue):
    lung = np.zeros_like(tissue, bool)
    lung[5:60, 30:100] = True
    two = np.where(tissue > -850, -690.0, -790.0)
    y, x = np.indices(tissue.shape)
    near = lung & (np.maximum(abs(y - 6), abs(x - 31)) <= int(3 * NARROW_PX + 0.5))
    weight = near * np.exp(-((y - 6.0) ** 2 + (x - 31.0) ** 2) / (2 * NARROW_PX**2))
    dark = weight[two == -790].sum() / weight.sum()
    features = dict(zip(feature_names(), texture_features(two, lung)[:, 6, 31], strict=True))
    step = 1 / (1 + np.exp(np.array([-40.0, 60.0]) / 30))  # of -790 and -690 HU at the edge of -750
    assert features["part below -750 HU"] == pytest.approx(dark * step[0] + (1 - dark) * step[1], abs=1e-3)
    spread = np.hypot(100 * np.sqrt(dark * (1 - dark)), 5.0)
    assert features["spread from -1000 to -500 HU"] == pytest.approx(spread, abs=0.05)


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
    lines = patterned(lung, y % 8 == 0, 3000)
    holes = patterned(lung, (y % 8 == 0) & (x % 8 == 0), -6000)
    assert lines["bright lines of 1.4 px"] > 1.3 * dots["bright lines of 1.4 px"]
    assert holes["dark holes of 1.4 px"] > dots["dark holes of 1.4 px"] + 0.5
    assert lines["coherence over 2.8 px"] > 0.7 > 0.5 > dots["coherence over 2.8 px"]


def test_wrong_shapes_are_named():
    with pytest.raises(ValueError, match="2-D"):
        texture_features(np.zeros((2, 3, 4)), np.ones((2, 3, 4), bool))
    with pytest.raises(ValueError, match="lung"):
        texture_features(np.zeros((3, 4)), np.ones((4, 3), bool))
