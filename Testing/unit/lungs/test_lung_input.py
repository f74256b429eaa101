"""What is no chest CT is refused in words."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.lungs import lung_zones, segment_lungs


def image(array):
    return sitk.GetImageFromArray(array)


def body(hu=40, shape=(20, 60, 80)):
    array = np.full(shape, -1000, np.int16)
    array[:, 10:-10, 10:-10] = hu
    return array


def test_values_that_are_not_finite(healthy):
    floating = sitk.GetArrayFromImage(sitk.Cast(healthy.ct, sitk.sitkFloat32))
    floating[3, 4, 5] = np.nan
    with pytest.raises(InputError, match="not finite"):
        segment_lungs(image(floating))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_values_that_are_not_hu(healthy, dtype):
    shifted = np.clip(sitk.GetArrayFromImage(healthy.ct).astype(int) + 1024, 0, np.iinfo(dtype).max)
    with pytest.raises(InputError, match="not in HU"):
        segment_lungs(image(shifted.astype(dtype)))


@pytest.mark.parametrize(
    "array",
    [np.zeros((5, 6), np.int16), np.zeros((5, 6, 7, 3), np.int16)],
    ids=["two dimensions", "colours"],
)
def test_not_a_volume_of_single_values(array):
    volume = sitk.GetImageFromArray(array, isVector=array.ndim == 4)
    with pytest.raises(InputError, match="volume of single values"):
        segment_lungs(volume)


def test_air_only():
    with pytest.raises(InputError, match="no aerated lung"):
        segment_lungs(image(np.full((20, 60, 80), -1000, np.int16)))


def test_body_without_air():
    with pytest.raises(InputError, match="no aerated lung"):
        segment_lungs(image(body()))


def test_abdomen_with_bowel_gas(builder):
    maker = builder()
    abdomen = maker.build(right=False, left=False, stomach=True)
    with pytest.raises(InputError, match="no aerated lung"):
        segment_lungs(abdomen.ct)


def test_one_voxel():
    with pytest.raises(InputError, match="no aerated lung"):
        segment_lungs(image(np.full((1, 1, 1), -1000, np.int16)))


def test_zones_without_lungs():
    with pytest.raises(InputError, match="no lung"):
        lung_zones(image(np.zeros((2, 3, 4), np.uint8)))
