"""Where lung can be, against drawn lungs whose outlines are known."""

from __future__ import annotations

import numpy as np
import pytest

from LungCAD.lungs.cavity import chest_cavity

SPACING = (5.0, 4.0, 4.0)
MIDDLE = 40.0
Z, Y, X = np.mgrid[:40, :60, :81]


def ellipse(column):
    """A lung of 14 rows and 9 columns about its middle: the half axes."""
    return ((Y - 30) / 14) ** 2 + ((X - column) / 9) ** 2 <= 1


RIGHT, LEFT = ellipse(22), ellipse(58)
INSIDE = (Z >= 10) & (Z < 30)


def cavity(lungs):
    return chest_cavity(lungs, MIDDLE, SPACING)


def test_it_spans_the_lungs_what_lies_between_and_a_rim():
    found = cavity((RIGHT | LEFT) & INSIDE)[20]
    assert found[(RIGHT | LEFT)[20]].all()
    assert found[30, 22:59].all(), "the mediastinum"
    assert found[30, 22 - 9 - 2] and found[30 + 14 + 2, 22], "8 mm outside"
    assert not found[30, : 22 - 9 - 4].any() and not found[30 + 14 + 5 :].any(), "16 mm outside and more"


@pytest.mark.parametrize("dense", [RIGHT, LEFT])
def test_a_lung_without_any_air_is_in_it(dense):
    found = cavity((RIGHT | LEFT) & INSIDE & ~dense)
    assert found[(RIGHT | LEFT) & INSIDE].all()


def test_slices_without_air_have_that_of_near_ones():
    gap = (Z >= 17) & (Z < 24)
    found = cavity((RIGHT | LEFT) & INSIDE & ~gap)
    assert found[(RIGHT | LEFT) & INSIDE].all()


def test_far_from_any_air_there_is_none():
    found = cavity((RIGHT | LEFT) & INSIDE)
    assert not found[:2].any() and not found[38:].any()
    assert not cavity(np.zeros(Z.shape, bool)).any()
    one = cavity(((RIGHT | LEFT) & INSIDE)[20:21])
    assert one.shape == (1, 60, 81) and one[0, 30, 40]
