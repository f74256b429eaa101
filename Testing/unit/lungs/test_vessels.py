"""Vessels and bronchi painted into a lung of noise."""

from __future__ import annotations

import numpy as np
import pytest

from LungCAD.lungs.vessels import lung_vessels

SPACING = (1.5, 0.8, 0.8)
SHAPE = (24, 64, 80)


def lung(seed=0):
    rng = np.random.default_rng(seed)
    lungs = np.zeros(SHAPE, np.uint8)
    lungs[:, 6:58, 6:74] = 1
    hu = np.where(lungs > 0, -870 + rng.normal(0, 25, SHAPE), 40.0)
    return hu, lungs


def disc(row, column, radius):
    z, y, x = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    return (0.8 * (y - row)) ** 2 + (0.8 * (x - column)) ** 2 + 0 * z <= radius**2


def test_a_vessel_across_the_slices_and_one_within():
    hu, lungs = lung()
    across = disc(20, 20, 2.0)
    within = np.zeros(SHAPE, bool)
    within[10:12, 44:47, 12:68] = True
    hu[across | within] = 40
    found = lung_vessels(hu, lungs, SPACING)
    assert found[across].mean() > 0.95 and found[within].mean() > 0.95
    assert found[~across & ~within].mean() < 0.01
    assert not found[lungs == 0].any()


def test_nodules_and_consolidation_are_none():
    hu, lungs = lung()
    nodule = disc(20, 20, 3.0)
    nodule[:10] = nodule[14:] = False
    dense = np.zeros(SHAPE, bool)
    dense[:, 34:56, 30:70] = True
    hu[nodule | dense] = 20
    found = lung_vessels(hu, lungs, SPACING)
    assert not found[nodule].any()
    assert found[dense].mean() < 0.05


def test_a_bronchus_with_its_wall():
    hu, lungs = lung()
    wall, lumen = disc(30, 40, 6.0), disc(30, 40, 4.8)
    hu[wall] = -50
    hu[lumen] = -1000
    found = lung_vessels(hu, lungs, SPACING)
    assert found[wall].mean() > 0.9
    assert found[~disc(30, 40, 9.0)].mean() < 0.01


@pytest.mark.parametrize("slices", [1, 24])
def test_without_lung_there_are_none(slices):
    hu, lungs = lung()
    assert not lung_vessels(hu[:slices], 0 * lungs[:slices], SPACING).any()
    assert lung_vessels(hu[:slices], lungs[:slices], SPACING).mean() < 0.01
