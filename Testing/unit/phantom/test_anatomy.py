"""The healthy thorax: organs where and what they should be, at any sampling."""

import numpy as np
import pytest
from scipy import ndimage

from LungCAD.errors import InputError
from LungCAD.phantom import anatomy
from LungCAD.phantom.anatomy import ThoraxParameters, make_thorax

WHOLE = ThoraxParameters(size=(190, 160, 75), spacing=(2.0, 2.0, 4.0), seed=4, thickness=2.0)


@pytest.fixture(scope="module")
def thorax():
    return make_thorax(WHOLE)


def litres(thorax, side):
    return (thorax.lungs == side).sum() * np.prod(thorax.spacing) / 1e6


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def test_arrays_have_the_types_and_ranges_promised(thorax):
    shape = WHOLE.size[::-1]
    for name, dtype in (
        ("hu", "f4"),
        ("lungs", "u1"),
        ("airways", "?"),
        ("vessels", "f4"),
        ("fissures", "f4"),
    ):
        array = getattr(thorax, name)
        assert array.shape == shape
        assert array.dtype == np.dtype(dtype)
    assert np.isfinite(thorax.hu).all()
    assert thorax.hu.min() >= -1000
    assert thorax.hu.max() < 1500
    for part in (thorax.vessels, thorax.fissures):
        assert 0 <= part.min() <= part.max() <= 1


def test_every_patient_has_lungs_of_human_size_on_the_right_sides():
    for seed in range(4):
        thorax = make_thorax(ThoraxParameters((96, 80, 30), (4.0, 4.0, 10.0), seed, thickness=2.0))
        right, left = litres(thorax, 1), litres(thorax, 2)
        assert 3 < right + left < 7.5
        assert left < right
        x = np.arange(96) * 4.0 + thorax.origin[0]
        columns = [np.flatnonzero((thorax.lungs == side).any(axis=(0, 1))) for side in (1, 2)]
        assert x[columns[0]].max() < 0 < x[columns[1]].min()  # LPS: the patient's right lies at low x


def test_each_lung_is_one_piece_wholly_in_view(thorax):
    for side in (1, 2):
        parts, count = ndimage.label(thorax.lungs == side)
        assert np.bincount(parts.ravel())[1:].max() > 0.999 * (thorax.lungs == side).sum()
        assert count < 10
    assert not thorax.lungs[[0, -1]].any()
    assert not thorax.lungs[:, [0, -1]].any()
    assert not thorax.lungs[:, :, [0, -1]].any()


def test_trachea_is_air_in_the_midline_and_no_part_of_the_lungs(thorax):
    top = np.flatnonzero(thorax.lungs.any(axis=(1, 2))).max() - 2
    trachea = thorax.airways[top] & (thorax.lungs[top] == 0)
    area = trachea.sum() * 4.0
    assert 150 < area < 350  # mm^2: 14 to 21 mm wide
    centre = ndimage.center_of_mass(trachea)
    assert abs(centre[1] * 2 + thorax.origin[0]) < 10
    assert not (thorax.lungs[top] > 0)[ndimage.binary_dilation(trachea)].any()
    assert thorax.hu[top][trachea].mean() < -850


def test_organs_have_their_hounsfield_units(thorax):
    tissue = (
        ndimage.binary_erosion(thorax.lungs > 0, iterations=2) & (thorax.vessels < 0.01) & ~thorax.airways
    )
    assert -920 < np.median(thorax.hu[tissue]) < -840
    z, y, x = (round(float(n)) for n in (np.array((-48, -14, 0)) - thorax.origin[::-1]) / (4, 2, 2))
    heart = thorax.hu[z, y - 12 : y + 4, x + 4 : x + 20]
    assert abs(np.median(heart) - 42) < 10
    assert (thorax.hu > 300).sum() * 16 / 1000 > 150  # ml of bone
    air = thorax.hu[:, :3, :3]
    assert (air == -1000).all()


def test_the_back_of_the_lung_is_denser(thorax):
    tissue = ndimage.binary_erosion(thorax.lungs > 0, iterations=2) & (thorax.vessels < 0.005)
    rows = np.nonzero(tissue)[1]
    front, back = (thorax.hu[tissue][part].mean() for part in (rows < 65, rows > 95))
    assert 5 < back - front < 80


def test_vessels_fill_a_few_per_cent_and_reach_the_pleura(thorax):
    lung = thorax.lungs > 0
    assert 0.02 < thorax.vessels[lung].mean() < 0.08
    rim = lung & ~ndimage.binary_erosion(lung, np.ones((1, 3, 3)), iterations=4)
    core = ndimage.distance_transform_edt(lung, (4, 2, 2)) > 25
    assert 0.004 < thorax.vessels[rim].mean() < thorax.vessels[core].mean()
    assert thorax.vessels[~ndimage.binary_dilation(lung, np.ones((3, 3, 3)))].max() < 0.05


def test_fissures_are_thin_sheets_inside_the_lungs(thorax):
    near = ndimage.binary_dilation(thorax.lungs > 0, np.ones((3, 3, 3)))
    assert thorax.fissures[~near].max() < 0.01
    area = thorax.fissures.sum() * np.prod(thorax.spacing) / 0.35  # mm^2 of sheets 0.35 mm thick
    assert 25_000 < area < 90_000


def test_same_seed_same_patient_another_seed_another():
    first, again, other = (
        make_thorax(ThoraxParameters((180, 150, 2), (2.0, 2.0, 60.0), seed, thickness=1.0))
        for seed in (1, 1, 2)
    )
    assert np.array_equal(first.hu, again.hu)
    assert dice(first.lungs > 0, other.lungs > 0) < 0.97
    both = (first.lungs > 0) & (other.lungs > 0)
    assert np.corrcoef(first.vessels[both], other.vessels[both])[0, 1] < 0.5


def test_the_size_of_the_blocks_changes_nothing(monkeypatch):
    parameters = ThoraxParameters((60, 50, 7), (6.0, 6.0, 9.0), seed=3)
    whole = make_thorax(parameters)
    monkeypatch.setattr(anatomy, "SLAB", 1)
    pieces = make_thorax(parameters)
    for name in ("hu", "lungs", "airways", "vessels", "fissures"):
        assert np.array_equal(getattr(whole, name), getattr(pieces, name)), name


def test_two_grids_show_the_same_patient():
    coarse = make_thorax(ThoraxParameters((96, 80, 12), (4.0, 4.0, 6.0), seed=5))
    fine = make_thorax(ThoraxParameters((192, 160, 36), (2.0, 2.0, 2.0), seed=5))
    majority = (fine.lungs > 0).reshape(12, 3, 80, 2, 96, 2).mean(axis=(1, 3, 5)) >= 0.5
    assert dice(majority, coarse.lungs > 0) > 0.98
    same = fine.vessels.reshape(12, 3, 80, 2, 96, 2).mean(axis=(1, 3, 5))
    assert abs(same.sum() / coarse.vessels.sum() - 1) < 0.03
    assert np.corrcoef(same.ravel(), coarse.vessels.ravel())[0, 1] > 0.95
    hu = fine.hu.reshape(12, 3, 80, 2, 96, 2).mean(axis=(1, 3, 5))
    assert np.abs(hu - coarse.hu).mean() < 20


def test_a_narrow_field_of_view_shrinks_the_patient():
    small = make_thorax(ThoraxParameters((64, 64, 10), (3.0, 3.0, 20.0), seed=6))
    assert not small.lungs[:, :, [0, -1]].any()
    assert small.lungs.any()


def test_a_single_slice_shows_both_lungs():
    slice_ = make_thorax(ThoraxParameters((128, 110, 1), (3.0, 3.0, 1.0), seed=7))
    assert {1, 2} <= set(np.unique(slice_.lungs))
    assert slice_.hu.shape == (1, 110, 128)


def test_thin_slices_with_gaps_are_thin():
    thick = make_thorax(ThoraxParameters((128, 110, 3), (3.0, 3.0, 10.0), seed=8))
    thin = make_thorax(ThoraxParameters((128, 110, 3), (3.0, 3.0, 10.0), seed=8, thickness=1.0))
    alone = make_thorax(ThoraxParameters((128, 110, 1), (3.0, 3.0, 1.0), seed=8))
    np.testing.assert_array_equal(thin.hu[1], alone.hu[0])
    lung = thick.lungs[1] > 0
    assert thin.hu[1][lung].std() > thick.hu[1][lung].std()


def test_the_table_can_be_left_out():
    with_table, without = (
        make_thorax(ThoraxParameters((96, 90, 1), (4.0, 4.0, 5.0), seed=9, table=table))
        for table in (True, False)
    )
    differ = np.nonzero(with_table.hu != without.hu)
    assert len(differ[0])
    assert differ[1].min() > 60  # all behind the patient


@pytest.mark.parametrize(
    "wrong",
    [{"size": (0, 10, 10)}, {"size": (10, 10)}, {"spacing": (1, 1, -1)}, {"spacing": (1, 1, float("nan"))},
     {"thickness": 9.0}, {"thickness": 0.0}],
)  # fmt: skip
def test_parameters_that_describe_no_grid_are_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        ThoraxParameters(**wrong)


def test_progress_can_cancel():
    class StopError(Exception):
        pass

    def stop(fraction, message):
        raise StopError

    with pytest.raises(StopError):
        make_thorax(ThoraxParameters((20, 20, 2), (18.0, 18.0, 50.0)), stop)


@pytest.mark.slow
def test_a_full_ct_takes_two_minutes_at_most():
    import time

    start = time.process_time()
    thorax = make_thorax(ThoraxParameters((512, 512, 300), (0.7, 0.7, 1.0)))
    assert time.process_time() - start < 120
    assert 3 < litres(thorax, 1) + litres(thorax, 2) < 7


@pytest.mark.parametrize("seed", [5, 8])
def test_bone_lies_under_the_skin(seed):
    thorax = make_thorax(ThoraxParameters((190, 160, 12), (2.0, 2.0, 22.0), seed, thickness=1.5, table=False))
    body = np.stack([ndimage.binary_fill_holes(layer > -400) for layer in thorax.hu])
    deep = np.stack([ndimage.binary_erosion(layer, iterations=2) for layer in body])
    assert not (thorax.hu > 250)[~deep].any()
