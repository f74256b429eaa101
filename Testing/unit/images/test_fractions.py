"""Values 0..1 in bytes: close enough for the eye, and where they lie is kept."""

import numpy as np
import SimpleITK as sitk

from LungCAD.images import copy_fractions, from_bytes, same_geometry, to_bytes


def test_there_and_back_within_half_a_step():
    values = np.random.default_rng(0).random((5, 6, 7), dtype=np.float32)
    values[0, 0, :2] = 0, 1
    image = sitk.GetImageFromArray(values)
    image.SetDirection((0, -1, 0, 0, 0, 1, -1, 0, 0))
    image.SetOrigin((3.5, -2, 1))
    packed = to_bytes(image)
    assert packed.GetPixelID() == sitk.sitkUInt8
    assert same_geometry(packed, image)
    back = from_bytes(sitk.GetArrayFromImage(packed))
    assert back.dtype == np.float32
    assert np.abs(back - values).max() <= 0.5 / 255 + 1e-6
    assert back[0, 0, 0] == 0
    assert back[0, 0, 1] == 1


def test_floats_stay_as_they_are():
    values = np.linspace(0, 1, 24, dtype=np.float32).reshape(2, 3, 4)
    assert from_bytes(values) is values
    target = np.empty_like(values)
    assert list(copy_fractions(values, target))[-1] == 1
    assert np.array_equal(target, values)
