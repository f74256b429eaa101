"""Dense disease told by the shape of the lung, on blocks of lung."""

from __future__ import annotations

import numpy as np
import pytest

from LungCAD.lungs.airways import airways
from LungCAD.lungs.pockets import masses, rind, surrounded

SPACING = (5.0, 2.0, 2.0)
SOFT, LUNG, AIR = 40.0, -850.0, -1000.0


@pytest.fixture
def block():
    """HU and mask of one lung, 20 slices of 80 x 80 mm in the middle of 120 x 120 mm of soft tissue."""
    lung = np.zeros((20, 60, 60), bool)
    lung[:, 10:50, 10:50] = True
    return np.where(lung, LUNG, SOFT).astype(np.float32), lung


def cut_out(block, *place, hu=SOFT):
    values, lung = block
    values[place] = hu
    lung[place] = False
    return np.zeros_like(lung)


def test_a_mass_that_the_lung_surrounds_is_lung_though_it_hangs_from_above(block):
    cut_out(block, slice(8, 20), slice(20, 35), slice(20, 35))
    assert surrounded(block[1])[8:, 20:35, 20:35].all()


def test_the_dome_of_the_diaphragm_is_no_lung(block):
    for z in range(12):
        half = 12 - z
        cut_out(block, z, slice(30 - half, 30 + half), slice(30 - half, 30 + half))
    assert not surrounded(block[1]).any()


def test_a_mass_at_the_edge_is_bridged_from_slice_to_slice(block):
    cut_out(block, slice(6, 14), slice(20, 45), slice(10, 35))
    hu, lung = block
    found = masses(hu, lung, lung, ~lung, SPACING)
    assert found[6:14, 20:45, 10:35].mean() > 0.85
    assert not (found & (np.arange(60) < 9)).any(), "what lies beyond the hull of the lungs is chest wall"


def test_consolidation_with_bronchograms_in_the_apex(block):
    """There is no lung above; the air in it tells it from the fat of the neck."""
    cut_out(block, slice(12, 20), slice(10, 50), slice(10, 50), hu=-60.0)
    hu, lung = block
    fat = hu.copy()
    hu[12:, 14:50:6, 14:50:6] = -600.0
    inside = (slice(13, 18), slice(16, 44), slice(16, 44))
    assert masses(hu, lung, lung, ~lung, SPACING)[inside].mean() > 0.9
    assert not masses(fat, lung, lung, ~lung, SPACING)[inside].any()


@pytest.fixture
def narrowing_chest():
    """HU and lungs of a round chest in fat, whose ribs lie in every third slice; upwards it narrows.

    12 slices of 8 mm, 130 x 130 pixels of 2 mm; also the distance to the middle (mm) and the lung's reach in
    every slice. Between two ribs the next bone that is seen is that of the wider slice below.
    """
    y, x = 2.0 * (np.mgrid[:130, :130] - 64.5)
    middle = np.hypot(y, x)
    reach = 100.0 - 12.0 * np.maximum(np.arange(12) - 4, 0)
    lungs = middle < reach[:, None, None]
    hu = np.where(lungs, LUNG, -90.0).astype(np.float32)
    for z in range(1, 12, 3):
        hu[z][(middle >= reach[z] + 2) & (middle < reach[z] + 8)] = 400.0
    return hu, lungs, middle, reach


def test_fat_of_the_chest_wall_between_two_ribs_is_no_disease(narrowing_chest):
    hu, lungs, _, _ = narrowing_chest
    assert not rind(hu, lungs, ~lungs & (hu < 150), (8.0, 2.0, 2.0)).any()


@pytest.mark.parametrize("slices", [slice(2, 4), slice(5, 7), slice(2, 7)])
def test_disease_at_the_ribs_is_lung_though_the_chest_narrows(narrowing_chest, slices):
    hu, lungs, middle, reach = narrowing_chest
    y, x = np.mgrid[:130, :130] - 64.5
    sector = (np.abs(np.degrees(np.arctan2(y, x)) - 10) < 35) & (middle > 70)
    disease = np.zeros_like(lungs)
    for z in range(*slices.indices(12)):
        disease[z] = sector & (middle < reach[z])
    hu[disease], lungs[disease] = SOFT, False
    found = rind(hu, lungs, ~lungs & (hu < 150), (8.0, 2.0, 2.0))
    assert found[disease].mean() > 0.6
    beyond = middle > reach[:, None, None] + 2
    assert np.count_nonzero(found & beyond) < 0.1 * np.count_nonzero(disease)


def test_room_air_above_the_skin_is_no_consolidation(block):
    cut_out(block, slice(12, 20), slice(10, 50), slice(10, 50), hu=-60.0)
    hu, lung = block
    hu[12:, :30] = AIR
    assert not masses(hu, lung, lung, ~lung, SPACING)[12:, :32].any()


def test_a_bronchus_that_thick_slices_blur_belongs_to_the_tree_it_touches():
    shape = (10, 40, 60)
    cores = np.zeros(shape, np.uint8)
    cores[:8, 5:35, 2:15], cores[:8, 5:35, 45:58] = 1, 2
    gas = np.zeros(shape, bool)
    gas[5:, 18:23, 28:32] = True
    bronchus = np.zeros(shape, bool)
    bronchus[4:6, 18:22, 20:40] = True
    hilum = np.zeros(shape, bool)
    hilum[1, 18:22, 30:34] = True
    found = airways(gas, (cores > 0) | gas | bronchus | hilum, cores, (5.0, 2.0, 2.0))
    assert found[gas | bronchus].all()
    assert not found[hilum].any(), "air that does not touch the tree stays with the lung"
    assert not found[cores > 0].any()
