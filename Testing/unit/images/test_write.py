"""What is written is complete or not there, and a segmentation says what Slicer needs."""

from __future__ import annotations

import resource

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images import image_like, read_ct, write_image, write_segmentation
from LungCAD.labels import available_schemas, load_schema


def test_nothing_is_overwritten_unless_asked(tmp_path, make_ct):
    path = tmp_path / "ct.nrrd"
    path.write_text("precious")
    with pytest.raises(InputError, match="exists already"):
        write_image(make_ct(), path)
    assert path.read_text(encoding="utf-8") == "precious"
    write_image(image := make_ct(), path, overwrite=True)
    assert np.array_equal(sitk.GetArrayFromImage(read_ct(path).image), sitk.GetArrayFromImage(image))
    assert [entry.name for entry in tmp_path.iterdir()] == ["ct.nrrd"]


@pytest.mark.parametrize("name", ["ct.dcm", "ct.png", "ct", "ct.gz"])
def test_names_without_a_format(tmp_path, make_ct, name):
    with pytest.raises(InputError, match=r"End it in one of \.nii"):
        write_image(make_ct(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_missing_folder(tmp_path, make_ct):
    with pytest.raises(InputError, match="cannot be written to"):
        write_image(make_ct(), tmp_path / "nowhere" / "ct.nrrd")


@pytest.fixture
def full_disk():
    """A limit on the size of files stands in for a full disk: writing fails in the same way."""
    _, hard = before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("name", ["ct.nii", "ct.nii.gz", "ct.nrrd", "ct.mha", "labels.seg.nrrd"])
def test_a_full_disk_leaves_nothing_behind(tmp_path, full_disk, name):
    values = np.random.default_rng(0).integers(0, 6, (60, 60, 60)).astype(np.uint8)
    image = sitk.GetImageFromArray(values)
    with pytest.raises(InputError, match="no space left"):
        if "seg" in name:
            write_segmentation(image, load_schema("gao5"), tmp_path / name)
        else:
            write_image(image, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_segmentation_names_every_label(tmp_path, make_ct):
    for name in available_schemas():
        schema = load_schema(name)
        array = np.zeros((7, 8, 9), np.uint8)
        array[1:3, 2:5, 4:8] = schema.values[-1]
        path = tmp_path / f"{name}.seg.nrrd"
        write_segmentation(image_like(array, make_ct()), schema, path)
        image = sitk.ReadImage(str(path))
        for number, label in enumerate(schema.labels):
            assert image.GetMetaData(f"Segment{number}_ID") == label.code
            assert image.GetMetaData(f"Segment{number}_Name") == label.name
            assert int(image.GetMetaData(f"Segment{number}_LabelValue")) == label.value
            color = np.array(image.GetMetaData(f"Segment{number}_Color").split(), dtype=float) * 255
            assert np.allclose(color, label.color, atol=0.01)
            code = label.terminology.type
            assert f"~{code.scheme}^{code.value}^{code.meaning}~" in image.GetMetaData(
                f"Segment{number}_Tags"
            )
        assert image.GetMetaData(f"Segment{number}_Extent") == "4 7 2 4 1 2"
        assert image.GetMetaData("Segment0_Extent") == ("0 -1 0 -1 0 -1" if number else "4 7 2 4 1 2")


def test_a_segmentation_of_other_values(tmp_path, make_ct):
    wrong = image_like(np.full((7, 8, 9), 6, np.uint8), make_ct())
    with pytest.raises(ValueError, match=r"values \[6\] that the schema gao5 lacks"):
        write_segmentation(wrong, load_schema("gao5"), tmp_path / "a.seg.nrrd")
    with pytest.raises(InputError, match=r"End it in \.seg\.nrrd"):
        write_segmentation(wrong, load_schema("gao5"), tmp_path / "a.nrrd")
    assert list(tmp_path.iterdir()) == []
