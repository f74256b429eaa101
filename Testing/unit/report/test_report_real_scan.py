"""A real chest: sides and numbers as anatomy has them."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.report.densitometry import densitometry
from LungCAD.report.slices import AxialStack

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def scan(real_data) -> tuple[sitk.Image, sitk.Image]:
    """CT and lungs; the patient's midline parts right from left."""
    ct = sitk.ReadImage(real_data / "ct_64" / "ct-64.nrrd")
    mask = sitk.ReadImage(real_data / "ct_64" / "wholeLung-64.nrrd")
    lungs = sitk.GetArrayFromImage(mask).astype(np.uint8)
    lungs[:, :, 32:] *= 2
    image = sitk.GetImageFromArray(lungs)
    image.CopyInformation(ct)
    return ct, image


def test_the_heart_shows_on_the_right_of_the_picture(scan):
    """The heart takes room from the left lung."""
    lungs = AxialStack(sitk.DICOMOrient(scan[1], "RAI")).array
    assert np.count_nonzero(lungs[:, :, :32]) > 1.05 * np.count_nonzero(lungs[:, :, 32:])


def test_densities_are_those_of_a_lung(scan):
    found = densitometry(*scan)
    reading = {reading.quantity.code: reading.value for reading in found.readings[:6]}
    assert -900 < reading["mean_density"] < -700
    assert 2000 < reading["volume"] < 8000
    assert 400 < reading["mass"] < 1500
    assert -1000 < reading["perc15"] < reading["mean_density"]
