"""Masks of users: the right lung is 1, the left 2, and nothing else is believed."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.lungs import require_sides


def scan(direction=(1, 0, 0, 0, 1, 0, 0, 0, 1)):
    """The patient's right lung has the smaller x in LPS; stored with x or z running the other way."""
    hu, mask = np.full((8, 40, 60), 40, np.int16), np.zeros((8, 40, 60), np.uint8)
    mask[:, 8:32, 5:25], mask[:, 8:32, 35:55] = 1, 2
    flips = tuple(slice(None, None, int(direction[i])) for i in (8, 4, 0))
    images = [sitk.GetImageFromArray(np.ascontiguousarray(array[flips])) for array in (mask, hu)]
    for image in images:
        image.SetDirection(direction)
    return images


@pytest.mark.parametrize("direction", [(1, 0, 0, 0, 1, 0, 0, 0, 1), (-1, 0, 0, 0, 1, 0, 0, 0, -1)])
def test_sides(direction):
    mask, ct = scan(direction)
    require_sides(mask, ct)
    with pytest.raises(InputError, match="exchanged"):
        require_sides(sitk.ChangeLabel(mask, {1: 2, 2: 1}), ct)
    for value in (1, 2):
        with pytest.raises(InputError, match="one value for both"):
            require_sides((mask > 0) * value, ct)
    for alone in (1, 2):
        require_sides(mask * sitk.Cast(mask == alone, sitk.sitkUInt8), ct)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda mask: mask * 0, "is empty"),
        (lambda mask: mask * 3, "the values 3, 6"),
        (lambda mask: sitk.Cast(mask, sitk.sitkInt16) * 256, "the values 256, 512"),
        (lambda mask: sitk.Cast(mask, sitk.sitkInt16) - 1, "the values -1"),
        (lambda mask: sitk.Cast(mask, sitk.sitkFloat32) * float("nan"), "the values nan"),
        (lambda mask: sitk.SmoothingRecursiveGaussian(sitk.Cast(mask, sitk.sitkFloat32), 2.0), r"\.\.\."),
    ],
    ids=["empty", "others", "a wrap of bytes", "negative", "NaN", "interpolated"],
)
def test_other_values(change, says):
    mask, ct = scan()
    with pytest.raises(InputError, match=f"lung mask: .*{says}"):
        require_sides(change(mask), ct)
