"""Shapes, tubes and trees against closed forms and brute force."""

import numpy as np
import pytest

from LungCAD.phantom.shapes import (
    Ellipsoid,
    Tube,
    coverage,
    oval,
    sheet_coverage,
    smooth_intersection,
    smooth_union,
)
from LungCAD.phantom.trees import MURRAY, bend, grow_tree
from LungCAD.phantom.tubes import Tubes, fill_tubes, join
from LungCAD.phantom.waves import WaveField


def straight(start, stop, radius):
    start, stop = np.atleast_2d(np.array(start, float)), np.atleast_2d(np.array(stop, float))
    along = (stop - start) / np.linalg.norm(stop - start, axis=1, keepdims=True)
    radii = np.full(len(start), float(radius))
    return Tubes(start, stop, radii, radii, along, along)


def test_a_sphere_is_an_ellipsoid_and_an_oval():
    rng = np.random.default_rng(0)
    points = rng.normal(0, 10, (200, 3)).astype(np.float32)
    exact = np.linalg.norm(points, axis=1) - 12
    np.testing.assert_allclose(Ellipsoid((0, 0, 0), (12, 12, 12)).distance(*points.T), exact, atol=1e-4)
    flat = np.hypot(points[:, 0], points[:, 1]) - 12
    np.testing.assert_allclose(oval(points[:, 0], points[:, 1], 12, 12, 12), flat, atol=1e-4)


def test_a_turned_ellipsoid_has_its_surface_at_the_ends_of_its_axes():
    axes = ((0.6, 0.8, 0.0), (-0.8, 0.6, 0.0), (0.0, 0.0, 1.0))
    shape = Ellipsoid((1, 2, 3), (9, 5, 2), axes)
    for axis, radius in zip(np.array(axes), shape.radii, strict=True):
        for sign in (-1, 1):
            point = (np.array(shape.centre) + sign * radius * axis).astype(np.float32)
            assert abs(shape.distance(*point)) < 1e-4
            low, high = shape.bounds
            assert (low - 1e-4 <= point).all()
            assert (point <= high + 1e-4).all()


def test_the_distance_to_a_tube_matches_brute_force():
    tube = Tube((0, 0, 0), (10, 5, -3), 2.0, 2.0)
    rng = np.random.default_rng(1)
    points = rng.uniform(-10, 15, (100, 3)).astype(np.float32)
    line = np.linspace(tube.start, tube.stop, 2001)
    exact = np.linalg.norm(points[:, None] - line, axis=2).min(axis=1) - 2
    np.testing.assert_allclose(tube.distance(*points.T), exact, atol=0.01)


def test_fillets_only_add_and_only_near_the_seam():
    a, b = np.random.default_rng(2).uniform(-20, 20, (2, 1000)).astype(np.float32)
    union, intersection = smooth_union(a, b, 4), smooth_intersection(a, b, 4)
    far = np.abs(a - b) > 4
    np.testing.assert_array_equal(union[far], np.minimum(a, b)[far])
    assert (union <= np.minimum(a, b)).all()
    assert (intersection >= np.maximum(a, b)).all()
    assert (np.minimum(a, b) - union).max() <= 1.0001


def test_coverage_is_the_part_of_a_pixel():
    edge = np.linspace(-2, 2, 401).astype(np.float32)
    assert abs(coverage(edge, 1.0).mean() * 4 - 2) < 0.02
    for thickness in (0.2, 1.0, 3.0):
        sheet = sheet_coverage(edge * 4, thickness, 1.0)
        assert abs(sheet.mean() * 16 - thickness) < 0.05
        assert sheet.max() == pytest.approx(min(thickness, 1.0))


@pytest.mark.parametrize("radius", [0.1, 0.4, 1.0, 3.0])
@pytest.mark.parametrize("spacing", [(0.7, 0.7, 1.0), (1.5, 1.5, 5.0)])
def test_tubes_keep_their_volume_at_any_size_and_spacing(radius, spacing):
    tube = straight([(0.3, 0.1, -0.4)], [(12.0, 7.0, 5.0)], radius)
    filled = fill_tubes(tube, np.array([-15.0, -15, -15]), np.array(spacing), (50, 70, 70))
    exact = np.pi * radius**2 * np.linalg.norm(tube.stop - tube.start)
    assert filled.sum() * np.prod(spacing) == pytest.approx(exact, rel=0.04)


def test_thick_tubes_are_full_inside_and_empty_outside():
    tube = straight([(-10, 0, 0)], [(10, 0, 0)], 4.0)
    filled = fill_tubes(tube, np.array([-7.0, -7, -7]), np.array([0.7, 0.7, 0.7]), (21, 21, 21))
    z, y = np.mgrid[:21, :21] * 0.7 - 7
    radius = np.hypot(z, y)
    section = filled.mean(axis=2)
    assert section[radius < 2.8].min() > 0.9
    assert section[radius > 5.2].max() == 0


def test_tubes_in_a_window_are_those_of_the_whole():
    rng = np.random.default_rng(3)
    tubes = straight(rng.uniform(0, 20, (50, 3)), rng.uniform(0, 20, (50, 3)), 0.8)
    whole = fill_tubes(tubes, np.zeros(3), np.ones(3), (20, 20, 20))
    part = fill_tubes(tubes, np.array([0.0, 0, 7]), np.ones(3), (6, 20, 20))
    np.testing.assert_array_equal(part, whole[7:13])


def grown(seed=0, count=400):
    rng = np.random.default_rng(seed)
    targets = rng.uniform(0, 60, (count, 3))
    return targets, grow_tree(np.array([-5.0, 30, 30]), targets, (targets[:, 2] > 30).astype(int), rng)


def test_a_tree_reaches_every_target_once():
    targets, tree = grown()
    ends = tree.stop[tree.terminals == 1]
    assert len(ends) == len(targets)
    order = [np.lexsort(np.round(points, 6).T) for points in (ends, targets)]
    np.testing.assert_allclose(ends[order[0]], targets[order[1]], atol=1e-9)


def test_branches_hang_together_and_feed_what_their_children_feed():
    _, tree = grown()
    child = tree.parent >= 0
    np.testing.assert_array_equal(tree.start[child], tree.stop[tree.parent[child]])
    fed = np.bincount(tree.parent[child], tree.terminals[child], len(tree.parent))
    inner = tree.terminals > 1
    np.testing.assert_array_equal(fed[inner], tree.terminals[inner])
    assert (~child).sum() == 2


def test_radii_follow_murrays_law():
    _, tree = grown()
    radius = tree.radii(0.3)
    child = tree.parent >= 0
    flow = np.bincount(tree.parent[child], radius[child] ** MURRAY, len(tree.parent))
    inner = tree.terminals > 1
    np.testing.assert_allclose(flow[inner], radius[inner] ** MURRAY)
    assert radius.min() == pytest.approx(0.3)


def test_bent_branches_keep_their_ends_and_never_widen():
    _, tree = grown()
    tubes = bend(tree, tree.radii(0.3), np.random.default_rng(1))
    pieces = len(tubes.start) // len(tree.start)
    np.testing.assert_allclose(tubes.start[::pieces], tree.start)
    np.testing.assert_allclose(tubes.stop[pieces - 1 :: pieces], tree.stop)
    assert (tubes.start_radius >= tubes.stop_radius - 1e-12).all()
    np.testing.assert_allclose(np.linalg.norm(tubes.start_along, axis=1), 1)
    assert len(join([tubes, tubes]).start) == 2 * len(tubes.start)


def test_wave_fields_are_the_same_on_slices_and_points():
    field = WaveField(np.random.default_rng(5), 20.0)
    x, y = np.linspace(-50, 50, 40, dtype=np.float32), np.linspace(-60, 60, 50, dtype=np.float32)
    on_slice = field(x[None], y[:, None], 7.0)
    grid_y, grid_x = np.meshgrid(y, x, indexing="ij")
    at_points = field(grid_x.ravel(), grid_y.ravel(), np.full(grid_x.size, 7.0)).reshape(grid_x.shape)
    np.testing.assert_allclose(on_slice, at_points, atol=1e-4)


def test_wave_fields_have_unit_variance():
    points = np.random.default_rng(6).uniform(-500, 500, (3, 20000))
    values = WaveField(np.random.default_rng(7), 20.0)(*points)
    assert abs(values.mean()) < 0.05
    assert abs(values.std() - 1) < 0.05
