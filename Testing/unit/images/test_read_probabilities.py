"""A network's probabilities come back by the codes in the header, or are refused."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images import read_probabilities, write_probabilities
from LungCAD.labels import load_schema

GAO = load_schema("gao5")


@pytest.fixture
def reference():
    image = sitk.GetImageFromArray(np.zeros((2, 3, 4), np.int16))
    image.SetSpacing((0.7, 0.8, 5.0))
    image.SetDirection((0, 1, 0, -1, 0, 0, 0, 0, 1))
    return image


def vector(array, reference):
    image = sitk.GetImageFromArray(array.astype(np.float32), isVector=True)
    image.CopyInformation(reference)
    return image


def some(components):
    return np.random.default_rng(0).random((2, 3, 4, components))


def test_components_find_their_labels_by_code(reference, tmp_path):
    values = some(2)
    labels = [GAO.by_code("fibrosis"), GAO.by_code("healthy")]
    write_probabilities(vector(values, reference), labels, tmp_path / "p.nrrd")
    read = sitk.GetArrayFromImage(read_probabilities(tmp_path / "p.nrrd", GAO, reference))
    assert read.shape == (2, 3, 4, 5)
    assert np.allclose(read[..., GAO.codes.index("fibrosis")], values[..., 0])
    assert np.allclose(read[..., GAO.codes.index("healthy")], values[..., 1])
    assert not read[..., GAO.codes.index("emphysema")].any()


def test_without_codes_the_order_of_values_counts(reference, tmp_path):
    values = some(5)
    sitk.WriteImage(vector(values, reference), str(tmp_path / "p.nrrd"))
    read = sitk.GetArrayFromImage(read_probabilities(tmp_path / "p.nrrd", GAO, reference))
    assert np.allclose(read, values)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (some(3), "has 3 components"),
        (some(5) - 0.5, "negative or non-finite"),
        (np.where(some(5) > 0.9, np.nan, 0.2), "negative or non-finite"),
    ],
)
def test_what_does_not_fit_is_refused(reference, tmp_path, array, message):
    sitk.WriteImage(vector(array, reference), str(tmp_path / "p.nrrd"))
    with pytest.raises(InputError, match=message):
        read_probabilities(tmp_path / "p.nrrd", GAO, reference)


def test_another_geometry_is_refused(reference, tmp_path):
    sitk.WriteImage(vector(some(5), reference), str(tmp_path / "p.nrrd"))
    moved = sitk.Image(reference)
    moved.SetOrigin((1, 0, 0))
    with pytest.raises(InputError, match="another geometry"):
        read_probabilities(tmp_path / "p.nrrd", GAO, moved)
