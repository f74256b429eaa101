"""Disease in a plain lung: where it lies, what it changes and what it leaves alone."""

import numpy as np
import pytest

from LungCAD.phantom.disease import (
    TEXTURES,
    VARIED_TEXTURES,
    paint_disease,
    paint_sham,
    parenchyma_level,
    true_labels,
)
from LungCAD.phantom.lesions import LungSpace, healthy_weight, plan_lesions
from LungCAD.phantom.textures import Site

SPACING = (5.0, 1.5, 1.5)
SHARES = {"emphysema": 0.12, "ground_glass": 0.14, "fibrosis": 0.10, "micronodules": 0.13}
VALUES = {"healthy": 1, "emphysema": 2, "ground_glass": 3, "fibrosis": 4, "micronodules": 5}


@pytest.fixture(scope="module")
def chest():
    """Two ellipsoid lungs at -880 HU in soft tissue, one vessel of blood through the right one."""
    z, y, x = np.ogrid[:24, :110, :150]
    lungs = np.zeros((24, 110, 150), np.uint8)
    for value, middle in ((1, 40), (2, 110)):
        inside = ((z - 12) / 11.5) ** 2 + ((y - 55) / 45) ** 2 + ((x - middle) / 30) ** 2 < 1
        lungs[inside] = value
    hu = np.where(lungs > 0, -880.0, 40.0).astype(np.float32)
    vessel = (np.abs(y - 55) < 2) & (np.abs(x - 40) < 2) & (lungs > 0)
    hu[vessel] = 40
    return hu, lungs, vessel


@pytest.fixture(scope="module")
def plan(chest):
    space = LungSpace.of(chest[1], SPACING)
    return space, plan_lesions(space, SHARES, np.random.default_rng(3))


def test_shares_are_filled(plan):
    space, lesions = plan
    labels = true_labels(space, lesions, VALUES)
    for code, share in SHARES.items():
        part = np.sum(labels == VALUES[code]) / len(space.index)
        assert part == pytest.approx(share, abs=0.01)


def test_weights_are_a_partition(plan):
    space, lesions = plan
    total = healthy_weight(space, lesions)
    for lesion in lesions:
        assert np.all((lesion.weight > 0) & (lesion.weight <= 1))
        total[lesion.voxels] += lesion.weight
    assert total == pytest.approx(1, abs=1e-4)


def test_every_class_has_several_lesions(plan):
    counts = {code: sum(lesion.code == code for lesion in plan[1]) for code in SHARES}
    assert min(counts.values()) >= 4


def test_nothing_outside_the_lung_is_labelled_or_changed_beyond_its_rim(chest, plan):
    hu, lungs, _ = chest
    space, lesions = plan
    painted = paint_disease(hu, space, lesions, SPACING, np.random.default_rng(0))
    assert not true_labels(space, lesions, VALUES)[lungs == 0].any()
    assert np.array_equal(painted[lungs == 0], hu[lungs == 0])


def test_healthy_lung_of_a_patient_keeps_every_value(chest, plan):
    hu, _, _ = chest
    space, lesions = plan
    noisy = hu + np.random.default_rng(1).normal(0, 20, hu.shape).astype(np.float32)
    painted = paint_disease(noisy, space, lesions, SPACING, np.random.default_rng(0), denoise=1.0)
    untouched = np.zeros(hu.shape, bool)
    untouched.ravel()[space.index] = healthy_weight(space, lesions) == 1
    assert untouched.sum() > 1000
    assert painted[untouched] == pytest.approx(noisy[untouched], abs=0.01)


def test_vessels_go_on_through_ground_glass_but_not_through_a_cavity(chest):
    hu, lungs, vessel = chest
    space = LungSpace.of(lungs, SPACING)
    everywhere = plan_lesions(space, {"ground_glass": 0.8}, np.random.default_rng(0))
    veiled = paint_disease(hu, space, everywhere, SPACING, np.random.default_rng(0))
    assert veiled[vessel] == pytest.approx(40, abs=5)
    holes = [type(lesion)("cavity", lesion.voxels, lesion.weight, 0 * lesion.rho) for lesion in everywhere]
    empty = paint_disease(hu, space, holes, SPACING, np.random.default_rng(0))
    deep = true_labels(space, holes, {"cavity": 7}) == 7
    assert np.median(empty[deep & vessel]) < -900


def test_classes_have_their_density(chest):
    hu, lungs = chest[0][8:14, 15:95, 70:], chest[1][8:14, 15:95, 70:]
    space = LungSpace.of(lungs, SPACING)
    means = {}
    for code in TEXTURES:
        lesions = plan_lesions(space, {code: 0.5}, np.random.default_rng(5))
        painted = paint_disease(hu, space, lesions, SPACING, np.random.default_rng(5))
        core = true_labels(space, lesions, {code: 1}) == 1
        means[code] = painted[core].mean()
    healthy = means["healthy"]
    assert -900 < healthy < -840
    assert means["consolidation"] > -250
    assert means["panlobular_emphysema"] < means["centrilobular_emphysema"] < healthy - 20
    assert abs(means["micronodules"] - healthy) < 40
    for code in ("ground_glass", "reticulation", "honeycombing", "fibrosis"):
        assert -760 < means[code] < -540, code


@pytest.mark.parametrize("code", sorted(VARIED_TEXTURES))
def test_varied_classes_differ_more_than_the_benchmarks(code):
    points = np.stack(np.indices((3, 40, 40)), -1).reshape(-1, 3) * [5.0, 1.0, 1.0]
    fixed = np.full(len(points), -870.0), np.full(len(points), 20.0), np.zeros(len(points))
    site = Site(points, *fixed, blur=0.5)

    def looks(texture):
        drawn = [texture(site, np.random.default_rng(seed)) for seed in range(40)]
        assert all(np.isfinite(hu).all() and hu.min() > -1050 and hu.max() < 60 for hu in drawn)
        return np.array([(hu.mean(), hu.std()) for hu in drawn])

    usual, varied = looks(TEXTURES[code]), looks(VARIED_TEXTURES[code])
    more = varied.std(axis=0) / usual.std(axis=0)
    assert more[1] > 1.3
    if code in ("ground_glass", "reticulation"):
        assert more[0] > 1.3
        assert varied[:, 0].min() > -800
        assert varied[:, 0].max() < -450, "lines may be denser than the mean that was drawn"


def test_same_seed_same_disease(chest):
    hu, lungs, _ = chest
    space = LungSpace.of(lungs, SPACING)

    def painted(seed):
        rng = np.random.default_rng(seed)
        return paint_disease(hu, space, plan_lesions(space, SHARES, rng), SPACING, rng)

    first, again, other = painted(4), painted(4), painted(5)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_sham_looks_like_healthy_lung(chest, plan):
    hu, _, _ = chest
    space, lesions = plan
    sham = paint_sham(hu, space, lesions, SPACING, np.random.default_rng(0), healthy=True)
    values = sham.ravel()[space.index]
    inside = np.ones(len(values), bool)
    inside[healthy_weight(space, lesions) > 0.99] = False
    vessel = hu.ravel()[space.index] > 0
    painted, untouched = values[inside & ~vessel], values[~inside & ~vessel]
    assert painted.mean() == pytest.approx(untouched.mean(), abs=3)
    assert painted.std() == pytest.approx(untouched.std(), rel=0.15)


def test_level_of_the_parenchyma_ignores_vessels(chest):
    hu, lungs, _ = chest
    space = LungSpace.of(lungs, SPACING)
    tilted = hu + np.where(lungs > 0, np.arange(110)[None, :, None] * 0.5, 0).astype(np.float32)
    level = parenchyma_level(tilted, space, SPACING)
    truth = -880 + 0.5 * space.points[:, 1] / SPACING[1]
    assert np.median(np.abs(level - truth)) < 5


def test_thick_slices_blur_nodules(chest):
    hu, lungs, vessel = chest
    spacing = (10.0, 1.0, 1.0)
    space = LungSpace.of(lungs, spacing)
    lesions = plan_lesions(space, {"micronodules": 0.5}, np.random.default_rng(2))
    core = (true_labels(space, lesions, {"micronodules": 1}) == 1) & ~vessel
    thin, thick = (
        paint_disease(hu, space, lesions, spacing, np.random.default_rng(2), thickness=t)[core]
        for t in (1.25, 10)
    )
    assert thick.std() < 0.7 * thin.std()
    assert thick.mean() == pytest.approx(thin.mean(), abs=5)
