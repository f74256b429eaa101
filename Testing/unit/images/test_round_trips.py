"""Written and read again, every voxel is where it was, to 1e-4 mm; nibabel judges NIfTI independently."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.images import (
    affine,
    image_like,
    physical_points,
    read_ct,
    read_labels,
    write_image,
    write_probabilities,
    write_segmentation,
)
from LungCAD.labels import load_schema

TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
SIZES = [(9, 8, 7), (9, 8, 1), (512, 512, 3)]


def farthest_mm(a: np.ndarray, b: np.ndarray, size: tuple[int, int, int]) -> float:
    """How far apart two index-to-mm matrices put the farthest corner, with one voxel beyond the last."""
    ends = np.array(np.meshgrid(*((0, n) for n in size))).reshape(3, -1)
    return float(np.abs((a - b) @ np.vstack([ends, np.ones(ends.shape[1])])).max())


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".mha"])
def test_ct(tmp_path, make_ct, direction, suffix, size):
    image = make_ct(size=size, direction=direction)
    path = tmp_path / f"ct{suffix}"
    write_image(image, path)
    scan = read_ct(path)
    assert farthest_mm(affine(scan.image), affine(image), size) < 1e-4
    assert np.array_equal(sitk.GetArrayFromImage(scan.image), sitk.GetArrayFromImage(image))
    assert scan.image.GetPixelID() == sitk.sitkInt16


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_nifti_as_nibabel_sees_it(tmp_path, make_ct, direction, size):
    image = make_ct(size=size, direction=direction)
    write_image(image, tmp_path / "ct.nii.gz")
    seen = nibabel.load(tmp_path / "ct.nii.gz")
    expected = TO_RAS @ affine(image)
    for matrix, code in (seen.get_qform(coded=True), seen.get_sform(coded=True)):
        assert code == 1
        assert farthest_mm(matrix, expected, size) < 1e-4
    assert np.array_equal(np.asarray(seen.dataobj), sitk.GetArrayFromImage(image).T)


def test_nifti_from_nibabel(tmp_path, make_ct, direction):
    image = make_ct(direction=direction)
    array = sitk.GetArrayFromImage(image).T
    nibabel.save(nibabel.Nifti1Image(array, TO_RAS @ affine(image)), tmp_path / "ct.nii.gz")
    scan = read_ct(tmp_path / "ct.nii.gz")
    assert farthest_mm(affine(scan.image), affine(image), image.GetSize()) < 1e-4
    assert np.array_equal(sitk.GetArrayFromImage(scan.image).T, array)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_segmentation(tmp_path, make_ct, direction, size, rng):
    schema = load_schema("gao5")
    image = make_ct(size=size, direction=direction)
    labels = image_like(rng.integers(0, 6, size[::-1]).astype(np.uint8), image)
    write_segmentation(labels, schema, tmp_path / "labels.seg.nrrd")
    again = read_labels(tmp_path / "labels.seg.nrrd", schema, image)
    assert farthest_mm(affine(again), affine(image), size) < 1e-4
    assert np.array_equal(sitk.GetArrayFromImage(again), sitk.GetArrayFromImage(labels))
    raw = sitk.ReadImage(str(tmp_path / "labels.seg.nrrd"))
    assert farthest_mm(affine(raw), affine(image), size) < 1e-9


def test_label_maps(tmp_path, make_ct, direction, rng):
    schema = load_schema("lungnet6")
    image = make_ct(direction=direction)
    labels = image_like(rng.integers(0, 7, (7, 8, 9)).astype(np.uint8), image)
    for suffix in (".nii.gz", ".nrrd", ".mha"):
        write_image(labels, tmp_path / f"labels{suffix}")
        again = read_labels(tmp_path / f"labels{suffix}", schema, image)
        assert np.array_equal(sitk.GetArrayFromImage(again), sitk.GetArrayFromImage(labels))


def test_label_map_that_another_tool_stored_in_its_own_order(tmp_path, make_ct, direction, rng):
    schema = load_schema("gao5")
    image = make_ct(direction=direction)
    labels = image_like(rng.integers(0, 6, (7, 8, 9)).astype(np.uint8), image)
    nifti = nibabel.Nifti1Image(sitk.GetArrayFromImage(labels).T, TO_RAS @ affine(image))
    nibabel.save(nibabel.as_closest_canonical(nifti), tmp_path / "canonical.nii.gz")
    again = read_labels(tmp_path / "canonical.nii.gz", schema, image)
    assert np.array_equal(sitk.GetArrayFromImage(again), sitk.GetArrayFromImage(labels))


def test_probabilities(tmp_path, make_ct, direction, rng):
    schema = load_schema("gao5")
    image = make_ct(direction=direction)
    values = rng.random((7, 8, 9, 5)).astype(np.float32)
    path = tmp_path / "probabilities.nrrd"
    write_probabilities(image_like(values, image), schema.labels, path)
    again = sitk.ReadImage(str(path))
    assert np.array_equal(sitk.GetArrayFromImage(again), values)
    assert farthest_mm(affine(again), affine(image), image.GetSize()) < 1e-9
    assert [again.GetMetaData(f"Component{n}_Code") for n in range(5)] == list(schema.codes)
    with pytest.raises(ValueError, match="5 components for 6 labels"):
        write_probabilities(image_like(values, image), load_schema("lungnet6").labels, path, overwrite=True)


def test_positions_are_those_that_were_meant(tmp_path, make_ct):
    """A physical landmark, computed by hand, keeps its value."""
    image = make_ct(spacing=(0.5, 1.0, 2.0), direction=np.diag([1.0, -1.0, -1.0]))
    image[3, 2, 1] = 1234
    landmark = np.add(image.GetOrigin(), (1.5, -2.0, -2.0))
    for suffix in (".nii.gz", ".nrrd"):
        write_image(image, tmp_path / f"ct{suffix}")
        array = sitk.GetArrayFromImage(again := read_ct(tmp_path / f"ct{suffix}").image)
        assert np.allclose(physical_points(again, np.argwhere(array == 1234)), landmark, atol=1e-4)
