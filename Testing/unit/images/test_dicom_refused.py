"""DICOM slices that make no volume, and damaged files."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom.uid import (
    RLELossless,
)

from LungCAD.images import describe, read_ct
from Testing.unit.images.dicom_stacks import hu_of, refusal, stack


@pytest.mark.parametrize(
    ("heights", "says"),
    [
        ([0, 5, 10, 20, 25], "about 1 missing, first between 10.0 and 20.0 mm"),
        ([0, 5, 10, 30, 35, 45], "about 4 missing"),
        ([0, 5, 5, 10, 15], "1 slices at the position of another"),
        ([0, 5, 10, 0, 5, 10], "3 slices at the position of another"),
        ([0, 5, 10, 16.5, 21.5, 26.5], "unevenly spaced slices (5.00 to 6.50 mm apart)"),
    ],
)
def test_irregular_heights(tmp_path, make_slice, save, heights, says):
    assert says in refusal(save(stack(make_slice, heights), tmp_path))


def test_rounded_positions_are_even_enough(tmp_path, make_slice, save):
    heights = np.round(np.arange(40) * 0.625, 1)
    scan = read_ct(save(stack(make_slice, heights, SliceThickness=0.625), tmp_path))
    assert scan.image.GetSpacing()[2] == pytest.approx(0.625, abs=0.002)
    assert "even grid" in scan.warnings[0]


def test_copies_of_files_are_left_out(tmp_path, make_slice, save):
    datasets = stack(make_slice, [0, 5, 10], SliceThickness=5)
    save(datasets, tmp_path / "a")
    save(datasets, tmp_path / "b")
    scan = read_ct(tmp_path)
    assert scan.image.GetSize()[2] == 3
    assert scan.warnings == ("3 of the files are copies of others and were left out.",)


@pytest.mark.parametrize("uid", ["", "1.2.826.1"])
def test_slices_that_share_a_uid_are_no_copies(tmp_path, make_slice, save, uid):
    datasets = stack(make_slice, [0, 2, 4])
    for dataset in datasets:
        dataset.SOPInstanceUID = uid
    scan = read_ct(save(datasets, tmp_path))
    assert np.array_equal(sitk.GetArrayFromImage(scan.image), hu_of(datasets))
    assert scan.warnings == ()


def test_tilted_gantry(tmp_path, make_slice, save):
    angle = np.radians(12)
    cosines = [1, 0, 0, 0, np.cos(angle), -np.sin(angle)]
    datasets = stack(make_slice, [0, 5, 10, 15], ImageOrientationPatient=cosines)
    assert "tilted gantry (by 12.0 degrees)" in refusal(save(datasets, tmp_path))


def test_tilt_of_rounding_errors_is_none(tmp_path, make_slice, save):
    cosines = [1, 0, 0, 0, 1, 0.0001]
    read_ct(save(stack(make_slice, [0, 5, 10, 15], ImageOrientationPatient=cosines), tmp_path))


def test_mixed_orientations_sizes_and_spacings(tmp_path, make_slice, save):
    base = stack(make_slice, [0, 5, 10])
    coronal = make_slice(number=4, ImageOrientationPatient=[1, 0, 0, 0, 0, -1])
    assert "mixes orientations (1 of 4" in refusal(save([*base, coronal], tmp_path / "a"))
    small = make_slice(15.0, 4, np.zeros((4, 4), np.uint16))
    assert "3 of 5 x 6, 1 of 4 x 4" in refusal(save([*base, small], tmp_path / "b"))
    fine = make_slice(15.0, 4, PixelSpacing=[0.4, 0.4])
    assert "different pixel spacing" in refusal(save([*base, fine], tmp_path / "c"))


@pytest.mark.parametrize("tag", ["ImagePositionPatient", "PixelSpacing"])
def test_missing_geometry(tmp_path, make_slice, save, tag):
    datasets = [*stack(make_slice, [0, 5]), make_slice(10.0, 3, **{tag: None})]
    assert "where 1 of its 3 slices lie" in refusal(save(datasets, tmp_path))


@pytest.mark.parametrize(
    ("tags", "says"),
    [
        ({"PixelSpacing": [0, 0]}, "has pixels of 0 x 0 mm"),
        ({"PixelSpacing": [0.7, -0.7]}, "has pixels of -0.7 x 0.7 mm"),
        ({"PixelSpacing": [700, 700]}, "has voxels of 700 x 700 x 5 mm"),
        ({"PixelSpacing": ["nan", "nan"]}, "has pixels of nan"),
        ({"ImageOrientationPatient": [2, 0, 0, 0, 2, 0]}, "not at right angles"),
        ({"ImageOrientationPatient": [1, 0, 0, 0.5, 1, 0]}, "not at right angles"),
        ({"ImagePositionPatient": ["nan", 0, 0]}, "damaged DICOM file"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_places_that_cannot_be(tmp_path, make_slice, save, tags, says):
    assert says in refusal(save(stack(make_slice, [0, 5], **tags), tmp_path))


@pytest.mark.parametrize("share", [0.2, 0.5, 0.95])
def test_truncated_file(tmp_path, make_slice, save, share):
    folder = save(stack(make_slice, [0, 5, 10]), tmp_path)
    path = sorted(folder.iterdir())[1]
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    refusal(folder)
    refusal(path)


def test_truncated_compressed_file(tmp_path, make_slice, save):
    pixels = np.random.default_rng(0).integers(0, 2000, (64, 64)).astype(np.uint16)
    datasets = [make_slice(z, 1, pixels) for z in (0, 5)]
    for dataset in datasets:
        dataset.compress(RLELossless)
    folder = save(datasets, tmp_path)
    path = sorted(folder.iterdir())[0]
    path.write_bytes(path.read_bytes()[:4000])
    refusal(folder)


@pytest.mark.filterwarnings("ignore")
def test_any_damage_to_a_header_is_a_plain_error(tmp_path, make_slice, save):
    """Whatever bytes are turned, the readers answer with an image or one line, never with a traceback."""
    path = sorted(save(stack(make_slice, [0, 5, 10]), tmp_path).iterdir())[1]
    content = path.read_bytes()
    random = np.random.default_rng(0)
    refused = 0
    for _ in range(120):
        damaged = bytearray(content)
        damaged[random.integers(132, len(content) - 60)] = random.integers(256)
        path.write_bytes(damaged)
        problem = describe(tmp_path).problem or ""
        assert "\n" not in problem
        refused += bool(problem)
    assert refused > 10


def test_unsigned_offset_in_dicom(tmp_path, make_slice, save):
    datasets = stack(make_slice, [0, 5], RescaleIntercept=0)
    assert "subtract 1024" in refusal(save(datasets, tmp_path))


@pytest.mark.parametrize(("signed", "padding"), [(1, -2000), (0, 63536)])
def test_padding_is_no_air_of_an_offset(tmp_path, make_slice, save, signed, padding):
    """Air at 24 and water at 1024 are no HU, though the corners of the slices are filled."""
    stored = np.linspace(24, 2500, 400).reshape(20, 20)
    stored[:5] = padding
    stored = stored.astype(np.int16 if signed else np.uint16)
    tags = {"PixelRepresentation": signed, "RescaleIntercept": 0, "BitsStored": 16, "HighBit": 15}
    datasets = [make_slice(z, 1, stored, PixelPaddingValue=padding, **tags) for z in (0, 5)]
    assert "no negative values (values from 644 to 2500)" in refusal(save(datasets, tmp_path))


def test_colour_capture(tmp_path, make_slice, save):
    pixels = np.random.default_rng(0).integers(0, 255, (6, 5, 3)).astype(np.uint8)
    tags = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}
    bits = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
    save([make_slice(0.0, 1, pixels, **tags, **bits)], tmp_path)
    assert "colour" in refusal(tmp_path)
