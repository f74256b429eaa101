"""What `lungcad info` will say, without a word about the patient."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image
from pydicom.uid import generate_uid

from LungCAD.errors import InputError
from LungCAD.images import describe, image_like, write_image, write_segmentation
from LungCAD.labels import load_schema

GAO5 = load_schema("gao5")


def said(description) -> str:
    text = str(description)
    for secret in ("Doe", "Jane", "Secret", "19010203"):
        assert secret not in text + repr(description)
    return text


def test_dicom_folder(tmp_path, make_slice, save):
    save([make_slice(10.0 * n, n) for n in range(4)], tmp_path)
    description = describe(tmp_path)
    assert description.usable
    assert description.kind == "CT"
    assert description.size == (5, 6, 4)
    assert description.orientation == "LPS"
    assert description.facts.kernel == "B30f"
    assert [series.slices for series in description.series] == [4]
    text = said(description)
    for part in (
        "5 x 6 x 4 voxels of 0.7 x 0.8 x 10 mm",
        "axes to LPS",
        "kernel B30f (not sharp)",
        "HU",
        "fit for use",
    ):
        assert part in text
    assert "2 mm thick but 10 mm apart" in text


def test_folder_with_a_choice(tmp_path, make_slice, save):
    uids = [generate_uid(), generate_uid()]
    for uid in uids:
        save([make_slice(10.0 * n, n, SeriesInstanceUID=uid) for n in range(3)], tmp_path)
    description = describe(tmp_path)
    assert not description.usable
    assert description.kind == "DICOM folder"
    assert {series.uid for series in description.series} == set(uids)
    assert "not usable: holds 2 axial CT series" in said(description)
    assert describe(tmp_path, series=uids[0]).usable


def test_folder_with_gaps(tmp_path, make_slice, save):
    save([make_slice(10.0 * n, n) for n in (0, 1, 3, 4)], tmp_path)
    description = describe(tmp_path)
    assert "lacks slices" in description.problem
    assert len(description.series) == 1
    said(description)


def test_folders_of_nothing(tmp_path, make_slice, save):
    assert describe(tmp_path).kind == "nothing usable"
    save([make_slice()], tmp_path)
    path = next(tmp_path.iterdir())
    path.write_bytes(path.read_bytes()[:300])
    assert "damaged" in describe(tmp_path).problem
    assert "damaged" in describe(path).problem


def test_volume_with_turned_axes(tmp_path, make_ct, direction):
    write_image(image := make_ct(direction=direction), tmp_path / "ct.nrrd")
    description = describe(tmp_path / "ct.nrrd")
    assert description.usable
    assert description.orientation == sitk.DICOMOrientImageFilter.GetOrientationFromDirectionCosines(
        image.GetDirection()
    )
    array = sitk.GetArrayFromImage(image)
    assert description.value_range == (array.min(), array.max())
    said(description)


def test_radiographs(tmp_path, make_slice, save):
    Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16)).save(tmp_path / "a.png")
    assert describe(tmp_path / "a.png").kind == "radiograph"
    assert "pixels of unknown size" in said(describe(tmp_path / "a.png"))
    save([make_slice(Modality="CR")], tmp_path / "cr")
    description = describe(next((tmp_path / "cr").iterdir()))
    assert (description.kind, description.facts.modality) == ("radiograph", "CR")
    assert "radiograph" in said(description)


@pytest.mark.parametrize("shape", [(40, 30), (1, 40, 30)])
def test_films_in_volume_files(tmp_path, shape):
    film = np.random.default_rng(0).random(shape).astype(np.float32)
    for name, values in (("grey", film), ("sixteen", (film * 60000).astype(np.uint16))):
        sitk.WriteImage(sitk.GetImageFromArray(values), str(tmp_path / f"{name}.nrrd"))
        description = describe(tmp_path / f"{name}.nrrd")
        assert (description.kind, description.usable, description.size) == ("radiograph", True, (30, 40))
    slice_of_ct = sitk.GetImageFromArray((film * 2000 - 1000).astype(np.int16).reshape(1, 40, 30))
    sitk.WriteImage(slice_of_ct, str(tmp_path / "ct.nrrd"))
    assert describe(tmp_path / "ct.nrrd").kind == "CT"


def test_labels(tmp_path, make_ct):
    labels = image_like(np.full((7, 8, 9), 3, np.uint8), make_ct())
    write_image(labels, tmp_path / "labels.nii.gz")
    description = describe(tmp_path / "labels.nii.gz")
    assert (description.kind, description.labels) == ("label map", ("3",))
    write_segmentation(labels, GAO5, tmp_path / "labels.seg.nrrd")
    description = describe(tmp_path / "labels.seg.nrrd")
    assert (description.kind, description.labels[2]) == ("segmentation", "Ground glass opacity")
    assert "Ground glass opacity" in said(description)


def test_what_is_of_no_use(tmp_path, make_ct):
    (tmp_path / "a.txt").write_text("nothing")
    assert "is not an image" in describe(tmp_path / "a.txt").problem
    offset = sitk.Cast(make_ct() + 1024, sitk.sitkUInt16)
    sitk.WriteImage(offset, str(tmp_path / "a.nrrd"))
    description = describe(tmp_path / "a.nrrd")
    assert not description.usable
    assert "subtract 1024" in said(description)
    with pytest.raises(InputError, match="No such file"):
        describe(tmp_path / "nothing")


@pytest.mark.data
def test_real(real_data):
    assert describe(real_data / "ct_dicom" / "A0002_8mm_B70f").facts.kernel == "B70f"
    assert describe(real_data / "ct_64" / "wholeLung-64.nrrd").kind == "label map"
    assert len(describe(real_data / "ct_dicom").series) == 2
