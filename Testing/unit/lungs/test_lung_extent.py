"""How much lung the slices show, against the lungs as they are."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.images import to_axial
from LungCAD.lungs.extent import lung_extent
from LungCAD.phantom import StudyParameters, make_study
from Testing.slicer.spot_network import chest, chest_image


def test_area_of_drawn_lungs():
    areas = lung_extent(chest_image(chest({}))).areas_cm2
    truth = 2 * np.pi * 36 * 22 * 2.2**2 / 100
    np.testing.assert_allclose(areas[7:17], truth, rtol=0.12)  # cores have no thin rim
    assert not areas[:5].any() and not areas[19:].any()


def test_phantom():
    """Where the phantom has plenty of lung there is plenty, where it has none there is none."""
    study = make_study(StudyParameters(size=(144, 120, 32), spacing=(2.4, 2.4, 10.0), disease=False))
    truth = (sitk.GetArrayFromImage(to_axial(study.lungs)) > 0).sum((1, 2)) * 2.4**2 / 100
    areas = lung_extent(to_axial(study.ct)).areas_cm2
    plenty = truth > 60
    assert plenty.sum() > 8
    assert (areas[plenty] > 20).all() and (areas[truth == 0] < 5).all()


def test_thin_slices_in_blocks():
    """Slices that share a block share its area, the last ones too."""
    hu = np.repeat(chest({}, slices=12), 5, axis=0)[:58]
    areas = lung_extent(chest_image(hu, 1.0)).areas_cm2
    assert len(areas) == 58 and areas[30] > 30


def test_no_air():
    extent = lung_extent(chest_image(np.full((4, 80, 80), 40, np.int16)))
    assert not extent.areas_cm2.any() and not extent.cut.any()
    assert extent.rows is None and extent.columns is None


def test_how_far_drawn_lungs_reach():
    """They do in rows 44 to 116 and columns 28 to 132, less a thin rim."""
    extent = lung_extent(chest_image(chest({})))
    for found, truth in ((extent.rows, (44, 117)), (extent.columns, (28, 133))):
        assert truth[0] <= found[0] <= truth[0] + 6 and truth[1] - 6 <= found[1] <= truth[1]
    assert not extent.cut.any()


@pytest.mark.parametrize("side", [slice(None, 118), slice(42, None)])
def test_lungs_that_the_edge_cuts(side):
    """Two thirds of a lung are left, on slices 6 to 17; their first and last are too thin to tell."""
    extent = lung_extent(chest_image(chest({})[:, :, side]))
    cut = extent.cut
    assert cut[7:17].all() and not cut[:6].any() and not cut[18:].any()
    whole = lung_extent(chest_image(chest({}))).areas_cm2[7:17]
    assert (extent.areas_cm2[7:17] > 0.75 * whole).all() and (extent.areas_cm2[7:17] < 0.95 * whole).all()


def test_lungs_that_a_round_field_cuts():
    """Beyond it a scanner writes one value."""
    y, x = np.ogrid[:160, :160]
    for radius, is_cut in ((75, False), (40, True)):
        hu = np.where((y - 80) ** 2 + (x - 80) ** 2 < radius**2, chest({}), -1024)
        assert lung_extent(chest_image(hu.astype(np.int16))).cut.any() == is_cut


@pytest.mark.parametrize("hu", [-1000, -930])
def test_what_is_no_lung_may_reach_the_edge(hu):
    """Room air, or the foam of a table, below a body that is wider than the picture."""
    scan = chest({})[:, 20:, 15:145]
    scan[:, 110:114] = 0
    scan[:, 114:130] = hu
    scan[:, 130:134] = 0
    assert not lung_extent(chest_image(scan)).cut.any()
