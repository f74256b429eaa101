"""Probabilities written plane by plane are what is written at once."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images import read_probabilities, same_geometry, write_probabilities
from LungCAD.images.probability_planes import write_probability_planes
from LungCAD.labels import load_schema

OBLIQUE = (0.8, -0.6, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, -1.0)


def case(direction=OBLIQUE, slices=3):
    values = np.random.default_rng(0).random((slices, 4, 5, 6), np.float32)
    reference = sitk.Image(5, 4, slices, sitk.sitkInt16)
    reference.SetSpacing((0.7, 0.75, 1.1))
    reference.SetOrigin((1.5, -7.25, 1e3))
    reference.SetDirection(direction)
    return values, reference, load_schema("lungnet6")


@pytest.mark.parametrize("slices", [1, 3])
@pytest.mark.parametrize("direction", [OBLIQUE, (-1, 0, 0, 0, 0, 1, 0, 1, 0)])
def test_the_same_file_content(tmp_path, direction, slices):
    values, reference, schema = case(direction, slices)
    image = sitk.GetImageFromArray(values, isVector=True)
    image.CopyInformation(reference)
    write_probabilities(image, schema.labels, tmp_path / "whole.nrrd")
    write_probability_planes(values, reference, schema.labels, tmp_path / "planes.nrrd")
    whole, planes = (sitk.ReadImage(str(tmp_path / f"{name}.nrrd")) for name in ("whole", "planes"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(planes), values)
    assert same_geometry(planes, reference) and planes.GetPixelID() == whole.GetPixelID()
    codes = [key for key in whole.GetMetaDataKeys() if key.startswith("Component")]
    assert len(codes) == 18
    assert all(planes.GetMetaData(key) == whole.GetMetaData(key) for key in codes)
    again = read_probabilities(tmp_path / "planes.nrrd", schema, reference)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(again), values)


def test_wrong_planes_leave_nothing(tmp_path):
    values, reference, schema = case()
    for wrong in (values[:2], values[:, :3], values[..., :5], np.concatenate([values, values])):
        with pytest.raises(ValueError, match="planes"):
            write_probability_planes(wrong, reference, schema.labels, tmp_path / "x.nrrd")
    with pytest.raises(InputError, match="End it in"):
        write_probability_planes(values, reference, schema.labels, tmp_path / "x.nii.gz")
    assert not list(tmp_path.iterdir())
