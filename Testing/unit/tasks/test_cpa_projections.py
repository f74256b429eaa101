"""Projections of a CT: against loops in NumPy, against SciPy's rotation, in any orientation of the scan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from scipy import ndimage

from LungCAD.errors import InputError
from LungCAD.images.geometry import physical_points, to_axial
from LungCAD.tasks.cpa_projections import (
    AXES,
    REGIONS,
    ROTATIONS,
    ProjectionGrid,
    ProjectionVolume,
    Rotation,
    aerated_mask,
    lung_mask,
    project,
    region_box,
)

SHAPE = (24, 20, 16)
RANGES = ((-1400, -900), (-900, -160), (-160, 240))


def volume_of(hu, lungs):
    grid = ProjectionGrid(hu.shape, (1.0, 1.0, 1.0), hu.shape)
    return ProjectionVolume(grid, torch.from_numpy(hu), torch.from_numpy(lungs))


@pytest.fixture
def volume():
    rng = np.random.default_rng(5)
    hu = rng.uniform(-1300, 500, SHAPE).astype(np.float32)
    z, y, x = np.indices(SHAPE)
    lungs = ((z - 11) / 10) ** 2 + ((y - 9) / 7) ** 2 + ((x - 8) / 6) ** 2 < 1
    lungs[5:9, 6:9] = False  # rays with gaps, and empty ones at the rim
    return volume_of(hu, lungs)


def plain_projection(hu, lungs, axis, low, high):
    """Rays one by one."""
    hu, lungs = np.moveaxis(hu, axis, 0), np.moveaxis(lungs, axis, 0)
    picture = np.zeros(hu.shape[1:])
    for row, column in np.ndindex(*picture.shape):
        values = [
            v
            for v, inside in zip(hu[:, row, column], lungs[:, row, column], strict=True)
            if inside and low <= v
        ]
        values = [v for v in values if (v < high or (v == high and high == 240))]
        if values:
            picture[row, column] = (np.mean(values) - low) / (high - low)
    return picture


def plain_rotation(array, rotation):
    """Linear interpolation at the places that the matrix names."""
    index = np.indices(array.shape).reshape(3, -1)
    places = rotation.to_original(index.T, array.shape).T
    return ndimage.map_coordinates(array, places, order=1, mode="nearest").reshape(array.shape)


@pytest.mark.parametrize("rotation", [ROTATIONS[0], Rotation(5, -5, 5)])
def test_the_whole_scan_is_projected_within_the_aerated_lung_alone(volume, rotation):
    z, y, x = np.indices(SHAPE)
    aerated = torch.from_numpy((np.abs(z - 11) < 8) & (np.abs(y - 10) < 7) & (np.abs(x - 9) < 5))
    assert (aerated & ~volume.lungs).any() and (volume.lungs & ~aerated).any()
    given = project(replace(volume, aerated=aerated), rotation)
    whole, regions = (project(replace(volume, lungs=mask), rotation) for mask in (aerated, volume.lungs))
    for axis in AXES:
        np.testing.assert_array_equal(given.whole[axis], whole.whole[axis])
        assert (given.whole[axis] != regions.whole[axis]).any()
        np.testing.assert_array_equal(given.regions[axis], regions.regions[axis])
        np.testing.assert_array_equal(given.shares[axis], regions.shares[axis])


@pytest.mark.parametrize("rotation", [ROTATIONS[0], ROTATIONS[7], Rotation(5, -5, 5)])
def test_every_picture_is_the_mean_along_its_rays(volume, rotation):
    hu = plain_rotation(volume.hu.numpy().astype(float), rotation)
    inside = plain_rotation(np.pad(volume.lungs.numpy().astype(float), 1), rotation)[1:-1, 1:-1, 1:-1] > 0.5
    given = project(volume, rotation)
    for axis, name in enumerate(AXES):
        counts = inside.sum(axis)
        means = np.divide(
            (hu * inside).sum(axis), counts, where=counts > 0, out=np.full(counts.shape, -1000.0)
        )
        whole = np.clip((means + 1000) / 1000, 0, 1)
        np.testing.assert_allclose(given.whole[name].numpy(), whole, atol=1e-4)
        for region in range(6):
            box = region_box(region, SHAPE)
            for channel, (low, high) in enumerate(RANGES):
                wanted = plain_projection(hu[box], inside[box], axis, low, high)
                np.testing.assert_allclose(given.regions[name][region, channel].numpy(), wanted, atol=1e-4)
                within = inside[box] & (hu[box] >= low) & (hu[box] < high)
                share = given.shares[name][region, channel].numpy() ** 2
                np.testing.assert_allclose(share, within.mean(axis), atol=1e-5)


def test_rotations_are_scipys():
    rng = np.random.default_rng(2)
    smooth = ndimage.gaussian_filter(rng.normal(0, 1, (30, 28, 26)), 3)
    rotation = Rotation(5.0, -5.0, 4.0)
    turned = smooth
    for angle, axes in ((5.0, (0, 1)), (-5.0, (0, 2)), (4.0, (1, 2))):
        turned = ndimage.rotate(turned, angle, axes, reshape=False, order=1, mode="nearest")
    inner = (slice(6, -6),) * 3
    error = np.abs(plain_rotation(smooth, rotation) - turned)[inner].max()
    assert error < 0.03 * np.ptp(smooth)
    wrong = np.abs(plain_rotation(smooth, Rotation(-5.0, -5.0, 4.0)) - turned)[inner].max()
    assert wrong > 3 * error


def test_turning_there_and_back():
    rotation = Rotation(5.0, -5.0, 5.0)
    points = np.random.default_rng(0).uniform(0, 20, (50, 3))
    there = rotation.to_original(points, SHAPE)
    np.testing.assert_allclose(rotation.from_original(there, SHAPE), points, atol=1e-9)
    assert len({(r.x, r.y, r.z) for r in ROTATIONS}) == 27
    assert ROTATIONS[0].is_identity


def test_regions_tile_the_published_grid():
    seen = np.zeros((216, 256, 256), int)
    for region in range(6):
        box = region_box(region)
        assert seen[box].shape == (72, 256, 128)
        seen[box] += region + 1
    assert seen[200, 0, 10] == 1 + REGIONS.index("right_upper")
    assert seen[10, 0, 200] == 1 + REGIONS.index("left_lower")
    assert seen.min() >= 1


@pytest.mark.parametrize("size", [(120, 130, 90), (40, 33, 21), (64, 64, 1)])
def test_resampling_is_interpolation_and_halving(size):
    grid = ProjectionGrid(size[::-1], (1, 1, 1), (6, 8, 10))
    rng = np.random.default_rng(1)
    array = rng.normal(0, 100, size[::-1]).astype(np.float32) if np.prod(size) < 1e5 else None
    if array is None:
        z, y, x = np.ogrid[: size[2], : size[1], : size[0]]
        array = (2.0 * z - y + 0.5 * x).astype(np.float32)
    given = grid.resample(sitk.GetImageFromArray(array)).numpy()
    index = [
        ((np.arange(2 * n) + 0.5) * s / (2 * n) - 0.5).clip(0, s - 1)
        for n, s in zip(grid.shape, array.shape, strict=True)
    ]
    fine = ndimage.map_coordinates(
        array.astype(float), np.stack(np.meshgrid(*index, indexing="ij")), order=1, mode="nearest"
    )
    wanted = fine.reshape(6, 2, 8, 2, 10, 2).mean((1, 3, 5))
    np.testing.assert_allclose(given, wanted, atol=1e-3 * max(1, np.abs(wanted).max() / 100))


def oblique(image):
    """The same scan, its axes swapped and flipped."""
    return sitk.Flip(sitk.PermuteAxes(image, (2, 0, 1)), (True, False, True))


def test_the_orientation_of_the_file_does_not_matter():
    hu = np.random.default_rng(3).normal(-800, 100, (12, 14, 16)).astype(np.float32)
    image = sitk.GetImageFromArray(hu)
    image.SetSpacing((0.8, 0.9, 2.5))
    grid, turned = (ProjectionGrid.of(each) for each in (image, oblique(image)))
    assert grid == turned
    np.testing.assert_array_equal(grid.resample(image), turned.resample(oblique(image)))
    at = np.array([[3.0, 100.0, 20.0]])
    np.testing.assert_allclose(grid.points(at, image), turned.points(at, oblique(image)), atol=1e-6)


def test_grid_and_scan_find_each_other():
    grid = ProjectionGrid((30, 40, 50), (3.0, 2.0, 1.0))
    assert grid.spacing == pytest.approx((3 * 30 / 216, 2 * 40 / 256, 50 / 256))
    inside = np.random.default_rng(0).uniform(0, 200, (20, 3))
    np.testing.assert_allclose(grid.from_scan(grid.to_scan(inside)), inside, atol=1e-9)
    np.testing.assert_allclose(
        grid.to_scan(np.array([[-0.5] * 3, [215.5, 255.5, 255.5]])), [[-0.5] * 3, [29.5, 39.5, 49.5]]
    )


def test_a_spot_comes_back_where_it_was():
    hu = np.full((20, 24, 28), -900, np.float32)
    hu[15, 5, 22] = 3000
    image = oblique(sitk.GetImageFromArray(hu))
    grid = ProjectionGrid.of(image)
    volume = grid.resample(image)
    peak = np.array(np.unravel_index(int(volume.argmax()), volume.shape))[None]
    truth = physical_points(to_axial(image), [[15, 5, 22]])
    assert np.linalg.norm(grid.points(peak, image) - truth) < 0.75
    back = grid.to_scan_volume(volume)
    assert np.unravel_index(back.argmax(), back.shape) == (15, 5, 22)


def body(shape=(12, 64, 64)):
    """A cylinder of tissue with two lungs of air."""
    _, y, x = np.indices(shape)
    hu = np.full(shape, -1000, np.float32)
    hu[np.hypot(y - 32, x - 32) < 29] = 40
    lungs = (np.hypot(y - 32, x - 18) < 10) | (np.hypot(y - 32, x - 46) < 10)
    hu[lungs] = -850
    return hu, lungs


def test_masks_find_lungs_but_not_the_air_outside():
    hu, lungs = body()
    for mask in (aerated_mask(hu), lung_mask(hu)):
        assert (mask & ~ndimage.binary_dilation(lungs, iterations=2)).sum() == 0
        assert (mask & lungs).sum() > 0.95 * lungs.sum()


def test_only_the_full_mask_takes_in_solid_disease():
    hu, _ = body()
    y, x = np.indices(hu.shape[1:])
    ball = np.broadcast_to(np.hypot(y - 32, x - 18) < 3, hu.shape)
    hu[ball] = 40
    assert lung_mask(hu)[ball].all()
    assert not aerated_mask(hu)[ball].any()


def test_a_scan_has_both_masks(monkeypatch):
    hu, _ = body((12, 64, 64))
    y, x = np.indices(hu.shape[1:])
    ball = np.broadcast_to(np.hypot(y - 32, x - 18) < 3, hu.shape)
    hu[ball] = 40
    monkeypatch.setattr(ProjectionGrid, "resample", lambda grid, ct: torch.from_numpy(hu))
    volume = ProjectionVolume.of(sitk.GetImageFromArray(hu)).with_aerated()
    np.testing.assert_array_equal(volume.lungs, lung_mask(hu))
    np.testing.assert_array_equal(volume.aerated, aerated_mask(hu))
    whole, with_disease = (
        project(each).whole["axial"][32, 18] for each in (volume, replace(volume, aerated=None))
    )
    assert whole == 0 and with_disease == 1  # the way through the ball


def test_a_cavity_behind_a_wall_counts_as_lung_but_gas_below_the_lungs_does_not():
    hu, _ = body((24, 64, 64))
    y, x = np.indices(hu.shape[1:])
    hu[:12] = np.where(np.hypot(y - 32, x - 32) < 29, 40, -1000)  # below the diaphragm
    gas, tissue = np.hypot(y - 32, x - 18) < 4, np.hypot(y - 32, x - 18) < 14
    hu[18:23][:, tissue], hu[19:22][:, gas] = 40, -990
    hu[3:6][:, gas] = -990
    mask = lung_mask(hu)
    assert mask[19:22][:, gas].all()
    assert not mask[:10].any()


def chest_with_ribs(ribs=True):
    """One lung (radius 40) and ribs around it, pleura 4 voxels thick on one side; voxels of 4 pixels."""
    z, y, x = np.indices((36, 128, 128))
    radius, angle = np.hypot(y - 64, x - 64), np.arctan2(y - 64, x - 64)
    rind = (radius < 40) & (radius >= 36) & (np.abs(angle) < 0.5)
    hu = np.where(radius < 56, 40, -1000).astype(np.float32)
    hu[(radius < 40) & ~rind] = -850
    if ribs:
        hu[(radius > 42) & (radius < 46) & (z % 4 < 2)] = 500
    return hu, radius, rind


def test_thick_pleura_before_the_ribs_belongs_to_the_mask():
    hu, radius, rind = chest_with_ribs()
    mask = lung_mask(hu)
    middle = slice(6, 30)  # the outermost ribs have no neighbour
    assert mask[middle][rind[middle]].mean() > 0.6  # not its tapering ends
    assert not mask[radius > 45].any()
    without_ribs = lung_mask(chest_with_ribs(ribs=False)[0])
    assert without_ribs[rind].mean() < 0.3


def test_muscle_under_the_shoulder_blade_is_no_pleura():
    """Thick slices show ribs as small pieces, and the shoulder blade behind them in one."""
    hu, radius, _ = chest_with_ribs(ribs=False)
    z, y, x = np.indices(hu.shape)
    angle = np.arctan2(y - 64, 64 - x)  # 0 on the side that has no rind
    hu[(radius > 41) & (radius < 43) & (z % 4 < 2) & (np.floor(angle * 42) % 6 < 4)] = 500
    blade = (radius > 47) & (radius < 49) & (np.abs(angle) < 0.7)
    hu[blade] = 500
    hu[:, 124:126] = 500  # the table
    mask = lung_mask(hu)
    muscle = (
        (radius > 43) & (radius < 47) & (np.abs(angle) < 0.7) & (z < 30)
    )  # the last ribs have no neighbour
    assert muscle.any() and not mask[muscle].any()
    assert mask[radius < 36].all()


def test_no_air_no_lungs():
    solid = np.full((12, 64, 64), 40, np.float32)
    assert not lung_mask(solid).any()
    assert not aerated_mask(solid).any()
    with pytest.raises(InputError, match="no lungs"):
        ProjectionVolume.of(sitk.GetImageFromArray(solid))


def test_foam_in_the_table_is_no_lung():
    """As large as a lung, and all of it in the picture."""
    hu, _ = body((24, 96, 96))
    without = lung_mask(hu)
    hu[:, 76:94, 8:88] = 40
    hu[:, 78:92, 10:86] = -930
    np.testing.assert_array_equal(lung_mask(hu), without)
    assert not aerated_mask(hu)[:, 76:].any()


def test_gas_in_the_bowel_is_no_lung():
    """All that is left where the lungs reach the picture's sides, or room air through an open mouth."""
    hu, lungs = body((24, 96, 96))
    hu[lungs] = 40
    z, y, x = np.indices(hu.shape)
    hu[np.hypot(np.hypot(y - 48, x - 40), z - 5) < 5] = -990
    assert not lung_mask(hu).any() and not aerated_mask(hu).any()


def test_a_missing_lung_leaves_its_regions_empty():
    hu, lungs = body()
    hu[:, :, :32][lungs[:, :, :32]] = 40
    voxels = volume_of(hu, lung_mask(hu)).lung_voxels()
    assert all((voxels[region] == 0) == region.startswith("right") for region in REGIONS)
