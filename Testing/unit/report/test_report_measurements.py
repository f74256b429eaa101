"""Volumes against closed form and brute force."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.labels import load_schema
from LungCAD.report.measurements import (
    LUNG_REGIONS,
    REGIONS,
    UNLABELLED,
    ZONE_REGIONS,
    measure,
)

GAO = load_schema("gao5")
MIRROR = np.diag([1.0, 1.0, -1.0])


def rotation(*degrees: float) -> np.ndarray:
    """Rotation about x, y and z in turn."""
    transform = sitk.Euler3DTransform((0, 0, 0), *np.radians(degrees))
    return np.reshape(transform.GetMatrix(), (3, 3))


def blank(shape=(6, 8, 10)) -> np.ndarray:
    return np.zeros(shape, np.uint8)


@pytest.mark.parametrize(
    "direction",
    [np.eye(3), rotation(20, -35, 50), rotation(10, 5, 70) @ MIRROR],
    ids=["lps", "oblique", "left-handed"],
)
def test_volume_of_a_box_in_any_geometry(image_of, direction):
    labels, lungs, zones = blank(), blank(), blank()
    lungs[1:5], zones[1:5] = 1, 2
    labels[1:5, 2:6, 3:8] = 4
    images = (image_of(array, (0.7, 1.5, 5.0), (3, 2, 1), direction) for array in (labels, lungs, zones))
    found = measure(*images, GAO)
    box_ml = (5 * 0.7) * (4 * 1.5) * (4 * 5.0) / 1000
    lung_ml = (10 * 0.7) * (8 * 1.5) * (4 * 5.0) / 1000
    for region in ("both_lungs", "right_lung", "right_middle"):
        share = found.share(region, "fibrosis")
        assert share.volume_ml == pytest.approx(box_ml)
        assert share.percent == pytest.approx(100 * box_ml / lung_ml)
        assert found.region_ml[region] == pytest.approx(lung_ml)
    assert found.share("left_lung", "fibrosis").percent is None
    assert found.region_ml["left_lung"] == 0


def test_against_brute_force_on_noise(image_of):
    rng = np.random.default_rng(1)
    shape = (5, 9, 7)
    lungs = rng.integers(0, 3, shape).astype(np.uint8)
    zones = np.where(lungs > 0, rng.integers(1, 4, shape) + 3 * (lungs == 2), 0).astype(np.uint8)
    labels = rng.choice([0, 1, 2, 3, 4, 5, 255], shape).astype(np.uint8)
    found = measure(*(image_of(array, (1, 2, 3)) for array in (labels, lungs, zones)), GAO)
    inside = {"both_lungs": lungs > 0, "right_lung": lungs == 1, "left_lung": lungs == 2}
    inside |= {region.code: zones == number for number, region in enumerate(ZONE_REGIONS, 1)}
    for region in REGIONS:
        where = inside[region.code]
        for label in GAO.labels:
            assert found.share(region.code, label.code).volume_ml == pytest.approx(
                np.sum(where & (labels == label.value)) * 0.006
            )
        unlabelled = found.share(region.code, UNLABELLED)
        assert unlabelled.volume_ml == pytest.approx(np.sum(where & np.isin(labels, [0, 255])) * 0.006)
        assert sum(share.percent for share in found.of_region(region.code)) == pytest.approx(100)
    assert found.outside_ml == pytest.approx(np.sum((lungs == 0) & np.isin(labels, [1, 2, 3, 4, 5])) * 0.006)


def test_zones_add_up_to_lungs_and_lungs_to_both(chest):
    found = chest.content().measurements
    for code in (*GAO.codes, UNLABELLED):
        volume = {region.code: found.share(region.code, code).volume_ml for region in REGIONS}
        assert volume["both_lungs"] == pytest.approx(volume["right_lung"] + volume["left_lung"])
        for side in ("right", "left"):
            thirds = sum(volume[f"{side}_{height}"] for height in ("upper", "middle", "lower"))
            assert thirds == pytest.approx(volume[f"{side}_lung"])
    assert (
        found.share("right_upper", "fibrosis").volume_ml
        == found.share("both_lungs", "fibrosis").volume_ml
        > 0
    )


def test_regions_are_those_of_the_schemas():
    named = {region.code: region.name for region in REGIONS}
    for schema in ("lungs", "zones"):
        for label in load_schema(schema).labels:
            assert named[label.code] == label.name
    for value, region in enumerate(LUNG_REGIONS[1:], 1):
        assert load_schema("lungs").by_code(region.code).value == value
    for value, region in enumerate(ZONE_REGIONS, 1):
        assert load_schema("zones").by_code(region.code).value == value


def test_unknown_labels_are_refused(image_of):
    labels = blank()
    labels[0, 0, 0] = 77
    with pytest.raises(ValueError, match=r"\[77\].*gao5"):
        measure(image_of(labels), image_of(blank()), image_of(blank()), GAO)


@pytest.mark.parametrize("bad", [0.5, 3, -1])
def test_lungs_hold_nothing_but_sides(image_of, bad):
    lungs = np.full((6, 8, 10), bad, np.float32 if bad == 0.5 else np.int16)
    with pytest.raises(ValueError, match="lungs"):
        measure(image_of(blank()), image_of(lungs), image_of(blank()), GAO)


def test_other_grids_are_refused(image_of):
    with pytest.raises(ValueError, match="zones lies on another grid"):
        measure(image_of(blank()), image_of(blank()), image_of(blank(), spacing=(1, 1, 1.01)), GAO)


def test_sheared_voxels_have_their_own_volume(image_of):
    """ITK accepts directions that are not orthonormal; the volume is that of the parallelepiped."""
    direction = np.eye(3)
    direction[0, 1] = 0.5
    direction[2, 2] = 0.8
    lungs = np.ones((2, 3, 4), np.uint8)
    images = [image_of(array, (1, 2, 3), direction=direction) for array in (lungs, lungs, lungs)]
    assert measure(*images, GAO).region_ml["both_lungs"] == pytest.approx(24 * 6 * 0.8 / 1000)


def test_a_label_that_could_not_be_assigned_has_no_share(image_of):
    labels, lungs, zones = blank(), blank(), blank()
    lungs[:], zones[:], labels[2:4] = 1, 1, 3
    images = [image_of(array) for array in (labels, lungs, zones)]
    found = measure(*images, GAO, classes=(1, 3))
    assert [share.code for share in found.of_region("both_lungs")] == ["healthy", "ground_glass", UNLABELLED]
    assert found.not_assessed == ("Emphysema", "Fibrosis", "Micronodules")
    assert found.share("right_lung", UNLABELLED).percent == pytest.approx(100 * 4 / 6)
    with pytest.raises(ValueError, match=r"\[3\]"):
        measure(*images, GAO, classes=(1, 2))


def test_nothing_is_unlabelled_where_all_is_labelled(image_of):
    """Volumes are rounded; their difference would be a tiny volume that reads as some."""
    rng = np.random.default_rng(2)
    lungs = rng.integers(1, 3, (7, 11, 13)).astype(np.uint8)
    zones = (3 * lungs - 2).astype(np.uint8)
    labels = rng.choice(GAO.values, lungs.shape).astype(np.uint8)
    images = (image_of(array, (0.646484, 0.646484, 8.1)) for array in (labels, lungs, zones))
    found = measure(*images, GAO)
    assert all(share.volume_ml == 0 for share in found.shares if share.code == UNLABELLED)
