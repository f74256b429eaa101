"""Vessels take the class of the lung around them; nodules and consolidation stay."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.tasks.ild_segmentation import (
    segment,
)
from Testing.slicer.density_network import CONSOLIDATION, DenseLungs
from Testing.unit.tasks.dense_case import CPU, inputs


def vessel_in(lungs, radius, row=20, columns=(14, 38)):
    """Return the lungs with a dense rod along x in the healthy part of the right lung, and where it is."""
    other = DenseLungs()
    z, y = np.ogrid[: len(lungs.hu), : lungs.hu.shape[1]]
    disc = (0.8 * (y - row)) ** 2 + (1.5 * (z - 1.5)) ** 2 <= radius**2
    rod = np.zeros(lungs.hu.shape, bool)
    rod[..., slice(*columns)] = disc[..., None]
    rod &= lungs.lungs == 1
    other.hu = np.where(rod, 40, lungs.hu).astype(np.int16)
    return other, rod


def test_vessels_take_the_class_of_the_lung_around_them(lungs, network):
    other, rod = vessel_in(lungs, 2.4)
    kept = sitk.GetArrayFromImage(segment(inputs(other), network, CPU).labels)
    assert (kept[rod] == CONSOLIDATION).all()
    result = segment(inputs(other), network, replace(CPU, suppress_vessels=True))
    labels = sitk.GetArrayFromImage(result.labels)
    assert (labels[rod] == lungs.truth[rod]).mean() > 0.95
    assert (labels == lungs.truth).mean() > 0.99
    probabilities = sitk.GetArrayFromImage(result.probabilities.image())
    np.testing.assert_allclose(probabilities[lungs.lungs > 0].sum(-1), 1, atol=1e-5)


@pytest.mark.parametrize("slices", ["6", "5-7", "2-11:4"])
def test_vessels_are_as_long_where_only_some_slices_are_chosen(network, slices):
    lungs = DenseLungs(slices=12)
    z, y, x = np.ogrid[:12, :72, :96]
    rod = ((0.8 * (y - 20)) ** 2 + (0.8 * (x - 26)) ** 2 <= 2.4**2) & (z >= 0)
    lungs.hu[rod] = 40
    given = inputs(lungs, spacing=(0.8, 0.8, 2.5))
    choices = replace(CPU, suppress_vessels=True)
    whole = sitk.GetArrayFromImage(segment(given, network, choices).labels)
    assert (whole[rod] != CONSOLIDATION).mean() > 0.95
    some = sitk.GetArrayFromImage(segment(given, network, replace(choices, slices=slices)).labels)
    chosen = some.any((1, 2))
    assert chosen[5] and not chosen.all()
    np.testing.assert_array_equal(some[chosen], whole[chosen])


def test_nodules_and_consolidation_are_no_vessels(lungs, network):
    other, rod = vessel_in(lungs, 2.4, columns=(22, 28))
    result = segment(inputs(other), network, replace(CPU, suppress_vessels=True))
    labels = sitk.GetArrayFromImage(result.labels)
    assert (labels[rod] == CONSOLIDATION).all()
    assert (labels == CONSOLIDATION)[lungs.truth == CONSOLIDATION].mean() > 0.99
