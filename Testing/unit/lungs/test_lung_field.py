"""The lung field on a chest of simple solids: both sides, airways, neighbours, disease."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.errors import Cancelled
from LungCAD.lungs import LungFieldParameters, segment_lungs


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def check_sides(chest, least):
    found = sitk.GetArrayFromImage(segment_lungs(chest.ct))
    for side in (1, 2):
        assert dice(found == side, chest.truth == side) >= least
    return found


@pytest.fixture(scope="module")
def healthy_found(healthy):
    return sitk.GetArrayFromImage(segment_lungs(healthy.ct))


def test_healthy_lungs_without_their_airways(healthy, healthy_found):
    for side in (1, 2):
        assert dice(healthy_found == side, healthy.truth == side) >= 0.99
    assert (healthy_found[healthy.lumen] > 0).mean() < 0.02


@pytest.mark.parametrize("shift", [0.0, -10.0], ids=["middle", "trachea touching the right lung"])
def test_lungs_that_touch_in_front_are_parted(builder, shift):
    chest = builder().build(gap=1.0, trachea_shift=shift)
    found = check_sides(chest, 0.99)
    assert (found[chest.lumen] > 0).mean() < 0.1
    swapped = (found > 0) & (chest.truth > 0) & (found != chest.truth)
    assert swapped.sum() <= 1e-3 * (chest.truth > 0).sum()


def test_nothing_but_lung_is_taken(healthy, healthy_found):
    found = healthy_found > 0
    empty = ~(healthy.truth > 0) & (sitk.GetArrayViewFromImage(healthy.ct) < -700)
    assert (found & empty).sum() <= 0.02 * found.sum(), "stomach gas, foam, room air or trachea"
    assert found.sum() <= 1.02 * (healthy.truth > 0).sum()


def test_dense_disease_at_the_pleura_is_kept(builder):
    lesions = [((-135, 0, -60), 30), ((100, 80, -80), 28), ((-70, -60, 20), 35), ((60, 10, 20), 25)]
    chest = builder().build(dense=lesions)
    found = check_sides(chest, 0.98)
    assert (found[chest.disease] > 0).mean() >= 0.9


def test_ground_glass_and_fibrosis_are_kept(builder):
    chest = builder().build(dense=[((-135, 60, -120), 40), ((120, 60, -120), 45)], dense_hu=-350)
    found = check_sides(chest, 0.98)
    assert (found[chest.disease] > 0).mean() >= 0.9


def test_emphysema_is_lung(builder):
    check_sides(builder().build(lung_hu=-935.0), 0.99)


@pytest.mark.parametrize(("side", "kwargs"), [(1, {"left": False}), (2, {"right": False})])
def test_one_lung_alone_keeps_its_side(builder, side, kwargs):
    chest = builder().build(**kwargs)
    found = sitk.GetArrayFromImage(segment_lungs(chest.ct))
    assert dice(found == side, chest.truth == side) >= 0.98
    assert (found == 3 - side).sum() == 0, "nothing of it, nor any other air, is named the other lung"


@pytest.mark.parametrize(
    ("spacing", "heights"),
    [
        ((1.0, 1.0, 10.0), (-175, 130)),
        ((0.8, 0.8, 5.0), (-40, -36)),
        ((0.8, 0.8, 5.0), (60, 64)),
        ((0.8, 0.8, 5.0), (-130, -126)),
        ((4.2, 4.2, 4.0), (-175, 130)),
    ],
    ids=["10 mm slices", "one slice, hilum", "one slice, trachea", "one slice, base", "4 mm voxels"],
)
def test_thick_sparse_single_and_coarse_slices(builder, spacing, heights):
    check_sides(builder(spacing=spacing, heights=heights).build(), 0.95)


@pytest.mark.parametrize(("step", "slices"), [(1.0, 21), (0.625, 23)])
def test_thin_slices_that_fill_no_whole_block_show_lung_to_the_last(builder, step, slices):
    """Else a scan that cuts the apex off seems to end above it, and has a volume."""
    chest = builder(spacing=(2.5, 2.5, step), heights=(-60, -60 + (slices - 0.5) * step)).build()
    found = check_sides(chest, 0.95)
    assert len(found) == slices
    assert dice(found[-1] > 0, chest.truth[-1] > 0) > 0.95


@pytest.mark.slow
def test_full_resolution_border(builder):
    check_sides(builder(spacing=(0.75, 0.75, 1.5)).build(), 0.995)


def test_float_and_integer_scans_agree_and_stay_as_they_are(healthy, healthy_found):
    floating = sitk.Cast(healthy.ct, sitk.sitkFloat32)
    before = sitk.GetArrayFromImage(floating)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(segment_lungs(floating)), healthy_found)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(floating), before)


def test_padding_outside_the_field_of_view_is_air(healthy):
    hu = sitk.GetArrayFromImage(healthy.ct)
    corner = np.hypot(*np.meshgrid(np.linspace(-1, 1, hu.shape[2]), np.linspace(-1, 1, hu.shape[1]))) > 1.2
    hu[:, corner] = -3024
    padded = sitk.GetImageFromArray(hu)
    padded.CopyInformation(healthy.ct)
    found = sitk.GetArrayFromImage(segment_lungs(padded))
    assert dice(found > 0, healthy.truth > 0) >= 0.99


def test_progress_rises_and_may_cancel(builder):
    ct = builder(spacing=(4.0, 4.0, 6.0)).build().ct
    seen = []
    segment_lungs(ct, LungFieldParameters(), lambda fraction, message: seen.append(fraction))
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert seen[-1] == 1
    assert len(seen) > 6

    def stop(fraction, message):
        if fraction > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        segment_lungs(ct, progress=stop)
