"""Densitometry against NumPy by hand, and when it keeps silent."""

from __future__ import annotations

import numpy as np
import pytest

from LungCAD.images import ScanFacts
from LungCAD.report.densitometry import FEWEST_VOXELS, densitometry
from LungCAD.report.quantities import QUANTITIES

GOOD = ScanFacts(kernel="B30f", sharp_kernel=False, slice_thickness_mm=1.0)


def thorax(hu=None, shape=(20, 24, 30)):
    """Two lungs with free slices above and below, on voxels of 1 x 1 x 1 mm."""
    lungs = np.zeros(shape, np.uint8)
    lungs[2:-2, 4:20, 2:14] = 1
    lungs[2:-2, 4:20, 16:28] = 2
    ct = np.full(shape, 50, np.int16)
    if hu is None:
        hu = np.random.default_rng(3).normal(-860, 60, np.count_nonzero(lungs))
    ct[lungs > 0] = np.round(hu)
    return ct, lungs


def values(found, region):
    return {quantity.code: found.reading(region, quantity.code).value for quantity in QUANTITIES}


def test_against_numpy(image_of):
    ct, lungs = thorax()
    spacing = (0.7, 0.8, 1.2)
    found = densitometry(image_of(ct, spacing), image_of(lungs, spacing), GOOD)
    for region, where in (("both_lungs", lungs > 0), ("right_lung", lungs == 1), ("left_lung", lungs == 2)):
        hu = np.sort(ct[where].astype(float))
        ml = hu.size * 0.7 * 0.8 * 1.2 / 1000
        got = values(found, region)
        assert got["volume"] == pytest.approx(ml)
        assert got["mean_density"] == pytest.approx(hu.sum() / hu.size)
        assert got["mass"] == pytest.approx(sum((hu + 1000) / 1000 * ml / hu.size))
        assert got["laa950"] == pytest.approx(100 * sum(hu < -950) / hu.size)
        assert got["perc15"] == pytest.approx(np.quantile(hu, 0.15))
        assert got["haa"] == pytest.approx(100 * sum((hu >= -600) & (hu <= -250)) / hu.size)
    assert found.cautions == ()


def test_limits_of_the_thresholds(image_of):
    """-950 is not below -950; -600 and -250 belong to the high-attenuation area."""
    hu = np.resize([-951, -950, -601, -600, -250, -249, -800, -800], 6144)
    ct, lungs = thorax(hu)
    got = values(densitometry(image_of(ct), image_of(lungs), GOOD), "both_lungs")
    assert got["laa950"] == pytest.approx(100 / 8)
    assert got["haa"] == pytest.approx(200 / 8)


def test_orientation_changes_nothing(chest, orientation):
    reference = densitometry(chest.image("ct"), chest.image("lungs"), GOOD)
    turned = densitometry(chest.image("ct", orientation), chest.image("lungs", orientation), GOOD)
    assert [reading.value for reading in turned.readings] == pytest.approx(
        [r.value for r in reference.readings]
    )
    assert turned.cautions == reference.cautions


def test_no_lung_no_numbers(image_of):
    ct, lungs = thorax()
    found = densitometry(image_of(ct), image_of(np.zeros_like(lungs)), GOOD)
    assert all(reading.value is None and reading.withheld == "no lung in view" for reading in found.readings)


def test_one_missing_lung_silences_only_that_lung(image_of):
    ct, lungs = thorax()
    lungs[lungs == 2] = 0
    found = densitometry(image_of(ct), image_of(lungs), GOOD)
    assert None not in values(found, "right_lung").values()
    assert set(values(found, "left_lung").values()) == {None}


def test_a_handful_of_voxels_is_no_lung(image_of):
    ct, lungs = thorax()
    lungs[:] = 0
    lungs[5:15, 4:14, 2:12] = 1
    assert values(densitometry(image_of(ct), image_of(lungs), GOOD), "right_lung")["perc15"] is not None
    lungs[5, 4, 2] = 0
    reading = densitometry(image_of(ct), image_of(lungs), GOOD).reading("right_lung", "perc15")
    assert reading.value is None
    assert reading.withheld == f"999 voxels of lung, {FEWEST_VOXELS} needed"


@pytest.mark.parametrize(
    ("cut", "says"), [(slice(2, None), "base"), (slice(None, -2), "apex"), (slice(2, -2), "base and apex")]
)
def test_a_cut_off_lung_has_no_volume(image_of, cut, says):
    ct, lungs = thorax()
    found = densitometry(image_of(ct[cut]), image_of(lungs[cut]), GOOD)
    for quantity in ("volume", "mass"):
        reading = found.reading("both_lungs", quantity)
        assert reading.value is None
        assert reading.withheld == f"the scan cuts off the {says} of the lung"
    assert found.reading("both_lungs", "mean_density").value is not None


def test_the_cut_end_is_the_patients_not_the_files(image_of):
    ct, lungs = thorax()
    direction = np.diag([1.0, 1.0, -1.0])
    found = densitometry(
        image_of(ct[2:], direction=direction), image_of(lungs[2:], direction=direction), GOOD
    )
    assert "apex" in found.reading("both_lungs", "volume").withheld


def test_one_slice_has_no_volume(image_of):
    ct, lungs = thorax(shape=(5, 240, 300), hu=-850)
    lungs[2, 4:200, 2:140] = 1
    found = densitometry(image_of(ct[2:3]), image_of(lungs[2:3]), GOOD)
    assert found.reading("right_lung", "volume").withheld == "one slice is not a lung"
    assert found.reading("right_lung", "laa950").value is not None


def test_not_a_number_in_the_ct(image_of):
    ct, lungs = thorax()
    ct = ct.astype(np.float32)
    ct[10, 10, 10] = np.nan
    found = densitometry(image_of(ct), image_of(lungs), GOOD)
    assert set(values(found, "right_lung").values()) == {None}
    assert None not in values(found, "left_lung").values()


@pytest.mark.parametrize(
    ("facts", "spacing_mm", "words", "doubtful"),
    [
        (ScanFacts(sharp_kernel=False, slice_thickness_mm=5.0), 5.0, "5 mm thick", {"laa950", "perc15"}),
        (ScanFacts(sharp_kernel=False), 3.0, "3 mm thick", {"laa950", "perc15"}),
        (ScanFacts(sharp_kernel=False, slice_thickness_mm=1.0), 10.0, "90 % of the lung", {"volume", "mass"}),
        (ScanFacts(kernel="B70f", sharp_kernel=True), 1.0, "(B70f) is sharp", {"laa950", "perc15"}),
        (ScanFacts(), 1.0, "kernel is unknown", {"laa950", "perc15"}),
        (
            ScanFacts(sharp_kernel=False, contrast=True),
            1.0,
            "Contrast medium",
            {"mass", "mean_density", "laa950", "perc15", "haa"},
        ),
        (None, 1.0, "kernel is unknown", {"laa950", "perc15"}),
    ],
)
def test_cautions_of_the_scan(image_of, facts, spacing_mm, words, doubtful):
    ct, lungs = thorax()
    spacing = (1.0, 1.0, spacing_mm)
    found = densitometry(image_of(ct, spacing), image_of(lungs, spacing), facts)
    (caution,) = found.cautions
    assert words in caution.text
    assert {quantity.code for quantity in found.doubtful} == doubtful


@pytest.mark.parametrize(("mean", "dense"), [(-751, False), (-749, True), (-600, True)])
def test_caution_of_expiration(image_of, mean, dense):
    ct, lungs = thorax(mean)
    found = densitometry(image_of(ct), image_of(lungs), GOOD)
    assert bool(found.cautions) is dense
    if dense:
        assert f"−{-mean} HU speaks for expiration" in found.cautions[0].text


def test_other_grids_are_refused(image_of):
    ct, lungs = thorax()
    with pytest.raises(ValueError, match="lungs lies on another grid"):
        densitometry(image_of(ct), image_of(lungs, origin=(0, 0, 1)))
