"""How much lung the slices show, against the lungs as they are."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from LungCAD.images import to_axial
from LungCAD.lungs.extent import lung_areas
from LungCAD.phantom import StudyParameters, make_study
from Testing.slicer.spot_network import chest, chest_image


def test_area_of_drawn_lungs():
    areas = lung_areas(chest_image(chest({})))
    truth = 2 * np.pi * 36 * 22 * 2.2**2 / 100
    np.testing.assert_allclose(areas[7:17], truth, rtol=0.12)  # cores have no thin rim
    assert not areas[:5].any() and not areas[19:].any()


def test_phantom():
    """Where the phantom has plenty of lung there is plenty, where it has none there is none."""
    study = make_study(StudyParameters(size=(144, 120, 32), spacing=(2.4, 2.4, 10.0), disease=False))
    truth = (sitk.GetArrayFromImage(to_axial(study.lungs)) > 0).sum((1, 2)) * 2.4**2 / 100
    areas = lung_areas(to_axial(study.ct))
    plenty = truth > 60
    assert plenty.sum() > 8
    assert (areas[plenty] > 20).all() and (areas[truth == 0] < 5).all()


def test_thin_slices_in_blocks():
    """Slices that share a block share its area, the last ones too."""
    hu = np.repeat(chest({}, slices=12), 5, axis=0)[:58]
    areas = lung_areas(chest_image(hu, 1.0))
    assert len(areas) == 58 and areas[30] > 30


def test_no_air():
    assert not lung_areas(chest_image(np.full((4, 80, 80), 40, np.int16))).any()
