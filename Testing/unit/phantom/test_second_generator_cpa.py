"""The second generator of signs is consistent with itself: it may judge others only if its truth is true."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from LungCAD.cli.bench.generators import load_generator
from LungCAD.phantom.aspergillosis import SIGNS
from LungCAD.tasks.cpa_projections import REGIONS, region_box

PATH = Path(__file__).parents[2] / "second_generator_cpa.py"
SPACING = (2.4, 2.4, 3.0)
BONE_HU = 300


@pytest.fixture(scope="module", params=range(3))
def arrays(request):
    """HU, labels, lungs and signs of a patient."""
    study = load_generator(str(PATH))(20 + request.param, size=(144, 144, 84), spacing=SPACING)
    return *map(sitk.GetArrayFromImage, (study.ct, study.labels, study.lungs)), study.signs


def test_signs_lie_in_the_lungs_and_where_the_sheet_says(arrays):
    _, labels, lungs, signs = arrays
    assert not labels[lungs == 0].any()
    for region in range(len(REGIONS)):
        inside = labels[region_box(region, labels.shape)]
        for sign in range(len(SIGNS)):
            assert not signs[region, sign] or (inside == sign + 1).any()


def test_ribs_lie_along_the_lungs(arrays):
    hu, _, lungs, _ = arrays
    away = ndimage.distance_transform_edt(lungs == 0, sampling=SPACING[::-1])
    bone = hu > BONE_HU
    bone[:, :, np.abs(np.arange(hu.shape[2]) - hu.shape[2] / 2) * SPACING[0] < 25] = False  # the spine
    assert bone.sum() > 10_000
    assert away[bone].max() < 14


def test_thick_pleura_is_soft_tissue_between_lung_and_ribs(arrays):
    hu, labels, _, signs = arrays
    thick = labels == 1 + SIGNS.index("pleural_thickening")
    assert thick.any() == signs[:, SIGNS.index("pleural_thickening")].any()
    if thick.any():
        to_bone = ndimage.distance_transform_edt(hu <= BONE_HU, sampling=SPACING[::-1])
        assert np.percentile(to_bone[thick], 95) < 27  # its own thickness, and half of what parts two ribs
        assert -200 < np.median(hu[thick]) < 80


def test_no_bone_lies_in_what_a_lung_surrounds(arrays):
    hu, _, lungs, _ = arrays
    surrounded = np.stack([ndimage.binary_fill_holes(layer) for layer in lungs > 0]) & (lungs == 0)
    assert surrounded.sum() > 1_000  # the diaphragm's dome
    assert not (hu[surrounded] > BONE_HU).any()
