"""A CT in one file, and everything that is not one."""

from __future__ import annotations

import gzip
import os
import re

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images import affine, read_ct, read_labels, require_hu, write_image, write_segmentation
from LungCAD.images.volume_file import read_image
from LungCAD.labels import load_schema

SUFFIXES = [".nii", ".nii.gz", ".nrrd", ".mha"]


def write(array, path, spacing=(0.7, 0.8, 5.0)):
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing[: image.GetDimension()])
    sitk.WriteImage(image, str(path))
    return path


def refusal(path, **options) -> str:
    """The one line that a user reads."""
    with pytest.raises(InputError) as error:
        read_ct(path, **options)
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith(f"{path}: ") or ".dcm" in message
    return message


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float32, np.float64])
def test_values_become_int16(tmp_path, make_ct, dtype):
    array = sitk.GetArrayFromImage(make_ct())
    scan = read_ct(write(array.astype(dtype), tmp_path / "ct.nrrd"))
    assert scan.image.GetPixelID() == sitk.sitkInt16
    assert np.array_equal(sitk.GetArrayFromImage(scan.image), array)
    assert scan.path == tmp_path / "ct.nrrd"
    assert scan.facts.slice_spacing_mm == 5.0
    assert scan.facts.modality is None


def test_fractions_are_rounded_not_cut(tmp_path):
    array = np.full((4, 5, 6), -700.6)
    array[0] = 40.4
    values = sitk.GetArrayFromImage(read_ct(write(array, tmp_path / "ct.mha")).image)
    assert set(np.unique(values)) == {-701, 40}


@pytest.mark.parametrize("padding", [-2000, -3024, -32768])
def test_padding_becomes_air(tmp_path, make_ct, padding):
    array = sitk.GetArrayFromImage(make_ct())
    array[:, :2] = padding
    values = sitk.GetArrayFromImage(read_ct(write(array, tmp_path / "ct.nii.gz")).image)
    assert np.all(values[:, :2] == -1024)
    assert np.array_equal(values[:, 2:], array[:, 2:])


def test_dense_metal_does_not_wrap_around(tmp_path, make_ct):
    array = sitk.GetArrayFromImage(make_ct()).astype(np.float32)
    array[0, 0, 0] = 60000
    assert read_ct(write(array, tmp_path / "ct.nrrd")).image[0, 0, 0] == 32767


def test_nifti_slope_and_intercept_are_applied(tmp_path):
    import nibabel

    stored = np.arange(0, 2000, 10, dtype=np.int16).reshape(5, 8, 5)
    nifti = nibabel.Nifti1Image(stored, np.eye(4))
    nifti.header.set_slope_inter(1, -1024)
    nibabel.save(nifti, tmp_path / "ct.nii.gz")
    # nibabel applies the slope on saving; write the stored numbers below it.
    data = bytearray(gzip.decompress((tmp_path / "ct.nii.gz").read_bytes()))
    data[112:120] = np.array([1, -1024], "<f4").tobytes()
    data[352:] = stored.tobytes(order="F")
    (tmp_path / "ct.nii.gz").write_bytes(gzip.compress(bytes(data)))
    values = sitk.GetArrayFromImage(read_ct(tmp_path / "ct.nii.gz").image)
    assert np.array_equal(values.T, stored - 1024)


@pytest.mark.parametrize("suffix", [".nrrd", ".mha", ".nii"])
def test_a_two_dimensional_file_is_one_slice(tmp_path, make_ct, suffix):
    array = sitk.GetArrayFromImage(make_ct())[0]
    image = read_ct(write(array, tmp_path / f"ct{suffix}")).image
    assert image.GetSize() == (9, 8, 1)
    assert image.GetSpacing()[:2] == pytest.approx((0.7, 0.8))
    assert np.array_equal(sitk.GetArrayFromImage(image)[0], array)


def test_a_file_is_its_own_largest_series(tmp_path, make_ct):
    path = tmp_path / "ct.nii.gz"
    write_image(make_ct(), path)
    assert np.array_equal(
        *(sitk.GetArrayFromImage(read_ct(path, series).image) for series in (None, "largest"))
    )
    with pytest.raises(InputError, match="not a DICOM folder"):
        read_ct(path, "1.2.3")


def test_a_fourth_dimension_of_one_is_dropped(tmp_path, make_ct):
    image = make_ct()
    sitk.WriteImage(sitk.JoinSeries(image), str(tmp_path / "ct.nii"))
    assert np.allclose(affine(read_ct(tmp_path / "ct.nii").image), affine(image), atol=1e-4)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
@pytest.mark.filterwarnings("ignore")
def test_truncated(tmp_path, make_ct, suffix, share):
    path = tmp_path / f"ct{suffix}"
    write_image(make_ct(size=(40, 40, 20)), path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert "truncated" in (message := refusal(path)) or "not an image" in message or "not a NIfTI" in message


def test_flipped_bits_in_compressed_nifti(tmp_path, make_ct):
    path = tmp_path / "ct.nii.gz"
    write_image(make_ct(size=(40, 40, 20)), path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    assert "damaged" in refusal(path)


@pytest.mark.parametrize("name", ["ct.nii", "ct.nii.gz", "ct.nrrd", "ct.mha", "ct.dcm", "ct.txt", "ct"])
@pytest.mark.parametrize("content", [b"", b"no image at all\n" * 50, bytes(range(256)) * 9], ids=len)
def test_not_an_image(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    assert any(word in refusal(path) for word in ("empty file", "not an image", "not a NIfTI", "damaged"))


def test_missing_and_unreadable(tmp_path, make_ct):
    assert "No such file" in refusal(tmp_path / "nothing.nrrd")
    assert "holds no DICOM images" in refusal(tmp_path)
    path = write(sitk.GetArrayFromImage(make_ct()), tmp_path / "ct.nrrd")
    path.chmod(0)
    if not os.access(path, os.R_OK):
        assert "Permission denied" in refusal(path)


@pytest.mark.parametrize("suffix", [".png", ".PNG", ".jpg", ".tif"])
def test_a_picture_where_a_ct_is_needed(tmp_path, suffix):
    path = tmp_path / f"chest{suffix}"
    sitk.WriteImage(sitk.GetImageFromArray(np.eye(9, dtype=np.uint8)), str(tmp_path / f"x{suffix.lower()}"))
    (tmp_path / f"x{suffix.lower()}").rename(path)
    assert "is a picture, not a CT" in refusal(path)


def test_several_values_or_times(tmp_path, make_ct):
    image = make_ct()
    sitk.WriteImage(sitk.Compose(image, image), str(tmp_path / "vector.nrrd"))
    assert "several values per voxel" in refusal(tmp_path / "vector.nrrd")
    sitk.WriteImage(sitk.JoinSeries(image, image, image), str(tmp_path / "time.nii"))
    assert "3 time points" in refusal(tmp_path / "time.nii")


def test_sheared_axes(tmp_path):
    import nibabel

    sheared = np.eye(4)
    sheared[0, 2] = 0.3
    nibabel.save(nibabel.Nifti1Image(np.zeros((5, 5, 5), np.int16), None), tmp_path / "ct.nii")
    nifti = nibabel.load(tmp_path / "ct.nii")
    nifti.set_qform(None, 0)
    nifti.set_sform(sheared, 1)
    nibabel.save(nifti, tmp_path / "sheared.nii")
    assert "not at right angles" in refusal(tmp_path / "sheared.nii")


def nifti(path, make_ct, **fields):
    """Write a CT of 0.7 x 0.8 x 5 mm whose qform and sform agree, then put other values into its header."""
    import nibabel

    image = make_ct()
    to_ras = np.diag([-1.0, -1, 1, 1]) @ affine(image)
    file = nibabel.Nifti1Image(sitk.GetArrayFromImage(image).T, to_ras)
    file.set_qform(to_ras, 1)
    file.set_sform(to_ras, 1)
    nibabel.save(file, path)
    offsets = {"pixdim": (80, "<f4"), "qoffset": (268, "<f4"), "sform": (280, "<f4"), "codes": (252, "<i2")}
    content = bytearray(path.read_bytes())
    for name, values in fields.items():
        start, kind = offsets[name]
        stored = np.asarray(values, kind).tobytes()
        content[start : start + len(stored)] = stored
    path.write_bytes(content)
    return path


MIRRORED = (0.7, 0, 0, 0, 0, -0.8, 0, 0, 0, 0, 5, 0)
LARGER = (1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 5, 0)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"pixdim": (1, 1, 1)}, r"two sizes, 1 x 1 x 1 \(pixdim\) and 0.7 x 0.8 x 5 \(sform\)"),
        ({"pixdim": (0.7, 0.8, 2.5)}, "two sizes"),
        ({"pixdim": (0.7, 0.8, 2.5), "codes": (0, 2)}, "two sizes"),
        ({"sform": LARGER, "codes": (1, 2)}, "two sizes"),
        ({"pixdim": (-0.7, 0.8, 5), "codes": (1, 0)}, r"voxels of -0.7 x 0.8 x 5 \(pixdim\)"),
        ({"pixdim": (0, 0, 0), "codes": (0, 1)}, r"voxels of 0 x 0 x 0 \(pixdim\)"),
        ({"sform": (0.7, 0.2, 0, 0, 0, 0.775, 0, 0, 0, 0, 5, 0)}, "not at right angles"),
        ({"sform": MIRRORED}, "two directions"),
        ({"sform": MIRRORED, "codes": (1, 4)}, "two directions"),
    ],
)
def test_nifti_that_says_two_things_of_its_voxels(tmp_path, make_ct, fields, says):
    """What reads it by the one and what reads it by the other finds other millilitres, or the other lung."""
    path = nifti(tmp_path / "ct.nii", make_ct, **fields)
    with pytest.raises(InputError, match=says) as error:
        read_ct(path)
    assert "ct.nii" in str(error.value)
    with pytest.raises(InputError, match=says):
        read_image(path)


def test_nifti_that_leaves_its_place_open_is_read_with_a_remark(tmp_path, make_ct):
    assert read_ct(nifti(tmp_path / "ct.nii", make_ct)).warnings == ()
    rounded = nifti(tmp_path / "rounded.nii", make_ct, pixdim=(0.7001, 0.8, 5))
    assert read_ct(rounded).warnings == ()
    (remark,) = read_ct(nifti(tmp_path / "none.nii", make_ct, codes=(0, 0))).warnings
    assert "which side is left" in remark
    (remark,) = read_ct(nifti(tmp_path / "moved.nii", make_ct, qoffset=(0, 0, 0))).warnings
    assert re.search(r"sform and qform .* up to \d+ mm apart", remark)


@pytest.mark.parametrize(
    ("start", "kind", "value", "says"),
    [
        (108, "<f4", 0, "damaged"),  # where voxels begin
        (108, "<f4", np.nan, "damaged"),
        (108, "<f4", np.inf, "damaged"),
        (40, "<i2", 0, "damaged"),  # number of axes
        (40, "<i2", 9, "damaged"),
        (44, "<i2", (-1, 29001), "damaged"),  # sizes
        (46, "<i2", 0, "damaged"),
        (72, "<i2", 8, "damaged"),  # bits of a voxel that has 16, with half of the voxels
        (280, "<f4", np.nan, "damaged"),  # sform
        (123, "u1", 1, "700 x 800 x 5000 mm"),  # unit
    ],
)
def test_nifti_header_that_cannot_be(tmp_path, make_ct, start, kind, value, says):
    path = nifti(tmp_path / "ct.nii", make_ct)
    content = bytearray(path.read_bytes())
    stored = np.atleast_1d(np.array(value, kind)).tobytes()
    content[start : start + len(stored)] = stored
    path.write_bytes(content[: 352 + 504] if start == 72 else content)
    assert says in refusal(path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("suffix", [*SUFFIXES, ".seg.nrrd"])
def test_any_damage_to_a_file_is_a_plain_error(tmp_path, make_ct, suffix):
    """Cut or with other bytes, a file gives an image or one line that names it, never a traceback."""
    path = tmp_path / f"ct{suffix}"
    image, gao5 = make_ct(), load_schema("gao5")
    if suffix == ".seg.nrrd":
        write_segmentation(sitk.Cast(image > 0, sitk.sitkUInt8), gao5, path)
    else:
        sitk.WriteImage(image, str(path))
    random, refused = np.random.default_rng(0), 0
    whole = gzip.decompress(path.read_bytes()) if suffix == ".nii.gz" else path.read_bytes()
    head = 348 if ".nii" in suffix else whole.find(b"LOCAL" if suffix == ".mha" else b"\n\n")
    for number in range(60):
        damaged = bytearray(whole)
        place = random.integers(head)
        if number % 4 == 0:
            del damaged[random.integers(len(whole)) :]
        elif number % 4 == 1:
            del damaged[place : place + random.integers(1, 9)]
        else:
            damaged[place] = random.choice([random.integers(256), *b"0-9. "])
        path.write_bytes(gzip.compress(damaged) if suffix == ".nii.gz" else damaged)
        refused += is_refused(path, read_ct) + is_refused(path, lambda file: read_labels(file, gao5, image))
    assert refused > 30


def is_refused(path, read) -> bool:
    try:
        read(path)
    except InputError as error:
        assert str(error).startswith(f"{path}: ")
        return True
    return False


def test_one_of_two_files_is_refused(tmp_path, make_ct):
    """ITK fills up what the second file lacks with noise."""
    sitk.WriteImage(make_ct(), str(tmp_path / "ct.hdr"))
    for name in ("ct.hdr", "ct.img"):
        assert "one of two files" in refusal(tmp_path / name)


def test_a_series_of_a_file(tmp_path, make_ct):
    path = write(sitk.GetArrayFromImage(make_ct()), tmp_path / "ct.nrrd")
    assert "not a DICOM folder" in refusal(path, series="1.2.3")


LUNG = np.random.default_rng(1).normal(-850, 60, (6, 20, 20))
LUNG[:, :8] = np.random.default_rng(2).normal(40, 20, (6, 8, 20))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (np.where(np.arange(20) == 3, np.nan, LUNG), "120 values that are no numbers"),
        (np.where(np.arange(20) == 3, np.inf, LUNG), "no numbers"),
        (np.full_like(LUNG, -1000), "single value"),
        (np.full_like(LUNG, -2000), "single value"),
        (np.zeros_like(LUNG), "single value"),
        ((LUNG + 1024).clip(0).round().astype(np.uint16), "subtract 1024"),
        ((LUNG + 1024).clip(0).round().astype(np.int16), "subtract 1024"),
        (np.where(np.arange(20) < 4, -2000, LUNG + 1024), "subtract 1024"),
        (((LUNG + 1000) / 8).clip(0, 255).astype(np.uint8), "grey levels (values from 0 to"),
        ((LUNG > -400).astype(np.uint8), "mask or normalised"),
        ((LUNG + 400) / 500, "mask or normalised"),
        ((LUNG + 1000) / 1400, "mask or normalised"),
        (LUNG - 1024, "rescale had been applied twice"),
    ],
)
def test_values_that_are_not_hu(tmp_path, values, says):
    path = tmp_path / "ct.nrrd"
    sitk.WriteImage(sitk.GetImageFromArray(values), str(path))
    assert says in refusal(path)


@pytest.mark.parametrize("name", ["ct.nii", "ct.nii.gz"])
@pytest.mark.parametrize("kind", [np.float32, np.float64, ">f4"])
@pytest.mark.parametrize("bad", [np.nan, -np.inf])
def test_nifti_with_values_that_are_no_numbers(tmp_path, name, kind, bad):
    """ITK reads them as 0, which is water."""
    nibabel = pytest.importorskip("nibabel")
    values = np.where(np.arange(20) == 3, bad, LUNG).astype(kind)
    header = nibabel.Nifti1Header(endianness=">" if kind == ">f4" else "<")
    header.set_data_dtype(kind)
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4), header), tmp_path / name)
    assert "120 values that are no numbers" in refusal(tmp_path / name)


def test_values_that_are_hu():
    require_hu(LUNG, "lung")
    require_hu(LUNG.astype(np.int16), "lung")
    require_hu(LUNG[:, 8:], "lung without wall")
    require_hu(np.where(np.arange(20) < 15, -3024, LUNG), "mostly padding")
    require_hu(np.where(np.arange(20) < 15, -1024, LUNG), "masked lung")
    require_hu(LUNG[3, 9:13, 9:13], "patch")
    consolidated = np.random.default_rng(3).normal(30, 40, (5, 9, 9))
    require_hu(consolidated, "no air at all")


@pytest.mark.data
def test_real_nrrd(real_data):
    scan = read_ct(real_data / "ct_64" / "ct-64.nrrd")
    assert scan.image.GetSize() == (64, 64, 79)
    assert scan.warnings == ()
    assert "mask or normalised" in refusal(real_data / "ct_64" / "wholeLung-64.nrrd")
