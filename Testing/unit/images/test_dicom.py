"""DICOM folders and files as they should be: order, geometry, values."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from LungCAD.images import affine, list_series, read_ct, read_facts
from Testing.unit.images.dicom_stacks import hu_of, refusal, stack


def test_slices_are_ordered_by_position_not_by_name_or_number(tmp_path, make_slice, save):
    datasets = stack(make_slice, [40, 30, 20, 10, 0])
    scan = read_ct(save(datasets, tmp_path))
    assert np.array_equal(sitk.GetArrayFromImage(scan.image), hu_of(datasets))
    assert scan.image.GetOrigin() == (-10.0, -20.0, 0.0)
    assert scan.image.GetSpacing() == pytest.approx((0.7, 0.8, 10.0))
    assert scan.image.GetPixelID() == sitk.sitkInt16


def test_facts(tmp_path, make_slice, save):
    datasets = stack(make_slice, [0, 2, 4], ContrastBolusAgent="Iomeron")
    facts = read_ct(save(datasets, tmp_path)).facts
    assert facts.modality == "CT"
    assert facts.series_uid == datasets[0].SeriesInstanceUID
    assert (facts.manufacturer, facts.kernel, facts.sharp_kernel) == ("SIEMENS", "B30f", False)
    assert (facts.slice_thickness_mm, facts.slice_spacing_mm, facts.kvp) == (2.0, 2.0, 120.0)
    assert facts.contrast is True


def test_nothing_about_the_patient_comes_out(tmp_path, make_slice, save):
    scan = read_ct(save(stack(make_slice, [0, 10, 20]), tmp_path))
    said = f"{scan.facts} {scan.facts!r} {scan.warnings} {list_series(tmp_path)}"
    assert scan.image.GetMetaDataKeys() == ()
    for secret in ("Doe", "Jane", "Secret", "19010203"):
        assert secret not in said


def test_sparse_slices_are_fine_and_said(tmp_path, make_slice, save):
    scan = read_ct(save(stack(make_slice, [0, 10, 20, 30], SliceThickness=1.25), tmp_path))
    assert "1.25 mm thick but 10 mm apart" in scan.warnings[0]


def test_thickness_may_be_missing(tmp_path, make_slice, save):
    scan = read_ct(
        save(stack(make_slice, [0, 10], SliceThickness=None, ConvolutionKernel=None, KVP=None), tmp_path)
    )
    assert scan.facts.slice_thickness_mm is None
    assert scan.facts.kernel is None
    assert scan.warnings == ()


@pytest.mark.parametrize(
    "cosines",
    [
        [1, 0, 0, 0, 1, 0],
        [-1, 0, 0, 0, -1, 0],
        [0.8, 0.6, 0, -0.6, 0.8, 0],
        [1, 0, 0, 0, 0.9848077530, 0.1736481777],
        [-1, 0, 0, 0, 1, 0],
    ],
)
def test_geometry_of_any_orientation(tmp_path, make_slice, save, cosines):
    row, column = np.reshape(cosines, (2, 3))
    normal = np.cross(row, column)
    datasets = [
        make_slice(
            number=n,
            ImageOrientationPatient=cosines,
            ImagePositionPatient=list(np.add((5, 6, 7), 3 * n * normal)),
        )
        for n in (2, 0, 3, 1)
    ]
    image = read_ct(save(datasets, tmp_path)).image
    # DICOM PS3.3 C.7.6.2.1.1: position of pixel (column i, row j) of each slice.
    by_value = {}
    for dataset in datasets:
        for j, i in np.ndindex(6, 5):
            place = np.array(dataset.ImagePositionPatient) + row * 0.7 * i + column * 0.8 * j
            by_value.setdefault(int(dataset.pixel_array[j, i]) - 1024, []).append(place)
    for k, j, i in np.ndindex(4, 6, 5):
        place = image.TransformIndexToPhysicalPoint((i, j, k))
        assert min(np.abs(place - other).max() for other in by_value[image[i, j, k]]) < 1e-6


def test_each_slice_has_its_own_rescale(tmp_path, make_slice, save):
    stored = np.arange(30, dtype=np.uint16).reshape(6, 5) * 40
    datasets = [
        make_slice(0, 1, stored, RescaleSlope=1, RescaleIntercept=-1024),
        make_slice(5, 2, stored, RescaleSlope=0.5, RescaleIntercept=-500.25),
    ]
    values = sitk.GetArrayFromImage(read_ct(save(datasets, tmp_path)).image)
    assert np.array_equal(values[0], stored.astype(int) - 1024)
    assert np.array_equal(values[1], np.rint(stored * 0.5 - 500.25))


def test_signed_pixels(tmp_path, make_slice, save):
    stored = np.linspace(-1000, 900, 30).astype(np.int16).reshape(6, 5)
    tags = {"PixelRepresentation": 1, "RescaleIntercept": 0, "BitsStored": 16, "HighBit": 15}
    datasets = [make_slice(z, 1, stored, **tags) for z in (0, 5)]
    assert np.array_equal(sitk.GetArrayFromImage(read_ct(save(datasets, tmp_path)).image), [stored, stored])


@pytest.mark.parametrize("value", [-2000, -3024])
def test_padding_value(tmp_path, make_slice, save, value):
    stored = np.linspace(-1000, 900, 30).astype(np.int16).reshape(6, 5)
    stored[0] = value
    tags = {"PixelRepresentation": 1, "RescaleIntercept": 0, "BitsStored": 16, "HighBit": 15}
    datasets = [make_slice(z, 1, stored, PixelPaddingValue=value, **tags) for z in (0, 5)]
    values = sitk.GetArrayFromImage(read_ct(save(datasets, tmp_path)).image)
    assert np.all(values[:, 0] == -1024)
    assert np.array_equal(values[0, 1:], stored[1:])


def test_bright_padding_becomes_air(tmp_path, make_slice, save):
    stored = np.linspace(0, 3000, 30).astype(np.uint16).reshape(6, 5)
    stored[:, 0] = 63536
    tags = {"PixelPaddingValue": 63000, "PixelPaddingRangeLimit": 64000, "BitsStored": 16, "HighBit": 15}
    datasets = [make_slice(z, 1, stored, **tags) for z in (0, 5)]
    values = sitk.GetArrayFromImage(read_ct(save(datasets, tmp_path)).image)
    assert np.all(values[:, :, 0] == -1024)
    assert np.array_equal(values[0, :, 1:], stored[:, 1:].astype(int) - 1024)


def test_an_empty_limit_of_padding_is_none(tmp_path, make_slice, save):
    datasets = stack(make_slice, [0, 5], PixelPaddingValue=0, PixelPaddingRangeLimit="")
    scan = read_ct(save(datasets, tmp_path))
    assert np.array_equal(sitk.GetArrayFromImage(scan.image), hu_of(datasets))


def test_padding_value_among_tissue_blanks_nothing(tmp_path, make_slice, save):
    datasets = stack(make_slice, [0, 2], PixelPaddingValue=1024)
    scan = read_ct(save(datasets, tmp_path))
    assert np.array_equal(sitk.GetArrayFromImage(scan.image), hu_of(datasets))
    assert "lies among tissue" in scan.warnings[0]
    assert len(scan.warnings) == 1


def encoded(dataset, syntax):
    if syntax is RLELossless:
        dataset.compress(RLELossless)
    else:
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset["PixelData"].VR = "OW"
    if syntax is ExplicitVRBigEndian:
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
    return dataset


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian, RLELossless]
)
def test_transfer_syntaxes(tmp_path, make_slice, save, syntax):
    pixels = np.random.default_rng(0).integers(0, 4000, (3, 64, 64)).astype(np.uint16)
    datasets = [make_slice(5.0 * n, n, pixels[n]) for n in range(3)]
    expected = hu_of(datasets)
    scan = read_ct(save([encoded(dataset, syntax) for dataset in datasets], tmp_path))
    assert np.array_equal(sitk.GetArrayFromImage(scan.image), expected)


@pytest.mark.parametrize("kind", ["JPEG", "JPEG2000"])
def test_lossless_jpeg_as_gdcm_writes_it(tmp_path, make_slice, save, kind):
    pixels = np.random.default_rng(0).integers(0, 4000, (3, 64, 64)).astype(np.uint16)
    plain = save([make_slice(5.0 * n, n, pixels[n]) for n in range(3)], tmp_path / "plain")
    expected = sitk.GetArrayFromImage(read_ct(plain).image)
    squeezed = tmp_path / "squeezed"
    squeezed.mkdir()
    for path in plain.iterdir():
        io = sitk.ImageFileReader()
        io.SetFileName(str(path))
        io.LoadPrivateTagsOn()
        image = io.Execute()
        writer = sitk.ImageFileWriter()
        writer.KeepOriginalImageUIDOn()
        writer.SetImageIO("GDCMImageIO")
        writer.UseCompressionOn()
        writer.SetCompressor(kind)
        writer.SetFileName(str(squeezed / path.name))
        writer.Execute(image)
        syntax = pydicom.dcmread(squeezed / path.name, stop_before_pixels=True).file_meta.TransferSyntaxUID
        assert syntax.is_compressed
    assert np.array_equal(sitk.GetArrayFromImage(read_ct(squeezed).image), expected)


def test_a_link_to_the_folder_of_a_series(tmp_path, make_slice, save):
    """Half of the slices behind a link would be half of a scan."""
    save(stack(make_slice, [0, 5]), tmp_path / "case")
    save(stack(make_slice, [10, 15]), tmp_path / "elsewhere")
    (tmp_path / "case" / "more").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert read_ct(tmp_path / "case").image.GetSize() == (5, 6, 4)


def test_single_file_is_one_slice(tmp_path, make_slice, save):
    save([dataset := make_slice(z=12.0)], tmp_path)
    image = read_ct(next(tmp_path.iterdir())).image
    assert image.GetSize() == (5, 6, 1)
    assert image.GetSpacing() == pytest.approx((0.7, 0.8, 2.0))
    assert image.GetOrigin() == (-10.0, -20.0, 12.0)
    assert np.array_equal(sitk.GetArrayFromImage(image), hu_of([dataset]))


def enhanced(make_slice, heights):
    frames = np.random.default_rng(3).integers(0, 2000, (len(heights), 6, 5)).astype(np.uint16)
    dataset = make_slice(
        pixels=frames, SOPClassUID="1.2.840.10008.5.1.4.1.1.2.1", NumberOfFrames=len(heights)
    )
    for keyword in (
        "ImagePositionPatient",
        "ImageOrientationPatient",
        "PixelSpacing",
        "RescaleSlope",
        "RescaleIntercept",
    ):
        delattr(dataset, keyword)

    def item(**tags):
        inner = Dataset()
        for keyword, value in tags.items():
            setattr(inner, keyword, value)
        return [inner]

    dataset.SharedFunctionalGroupsSequence = item(
        PlaneOrientationSequence=item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0]),
        PixelMeasuresSequence=item(PixelSpacing=[0.8, 0.7], SliceThickness=2.0),
        PixelValueTransformationSequence=item(RescaleSlope=1, RescaleIntercept=-1024, RescaleType="HU"),
    )
    dataset.PerFrameFunctionalGroupsSequence = [
        item(PlanePositionSequence=item(ImagePositionPatient=[-10, -20, z]))[0] for z in heights
    ]
    return dataset, frames


def test_enhanced_multi_frame_ct(tmp_path, make_slice, save):
    dataset, frames = enhanced(make_slice, [9, 6, 0, 3])
    folder = save([dataset], tmp_path)
    for path in (folder, next(folder.iterdir())):
        image = read_ct(path).image
        assert image.GetSize() == (5, 6, 4)
        assert image.GetSpacing() == pytest.approx((0.7, 0.8, 3.0))
        assert np.array_equal(sitk.GetArrayFromImage(image), frames[[2, 3, 1, 0]].astype(int) - 1024)


def test_facts_of_an_enhanced_ct_come_from_its_functional_groups(tmp_path, make_slice, save):
    """There, not in the header itself, DICOM PS3.3 C.8.15.3 has kernel, thickness and voltage of frames."""
    dataset, _ = enhanced(make_slice, [0, 3, 6])
    for keyword in ("SliceThickness", "ConvolutionKernel", "KVP"):
        delattr(dataset, keyword)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    shared.PixelMeasuresSequence[0].SliceThickness = 1.25
    shared.CTXRayDetailsSequence = [Dataset()]
    shared.CTXRayDetailsSequence[0].KVP = 100
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        frame.CTReconstructionSequence = [Dataset()]
        frame.CTReconstructionSequence[0].ConvolutionKernel = "B70f"
    dataset.ContrastBolusAgentSequence = [Dataset()]
    folder = save([dataset], tmp_path)
    scan = read_ct(folder)
    facts = scan.facts
    assert (facts.kernel, facts.sharp_kernel, facts.slice_thickness_mm) == ("B70f", True, 1.25)
    assert (facts.kvp, facts.contrast) == (100, True)
    assert "1.25 mm thick but 3 mm apart" in scan.warnings[0]
    assert read_facts(next(folder.iterdir())).sharp_kernel is True
    (series,) = list_series(folder)
    assert (series.kernel, series.slice_thickness_mm) == ("B70f", 1.25)


def test_frames_with_a_rescale_each_are_refused(tmp_path, make_slice, save):
    dataset, _ = enhanced(make_slice, [0, 3, 6])
    del dataset.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence
    for frame, slope in zip(dataset.PerFrameFunctionalGroupsSequence, (1, 1, 2), strict=True):
        frame.PixelValueTransformationSequence = [Dataset()]
        frame.PixelValueTransformationSequence[0].RescaleSlope = slope
        frame.PixelValueTransformationSequence[0].RescaleIntercept = -1024
    assert "rescales its frames differently" in refusal(save([dataset], tmp_path / "each"))
    dataset.PerFrameFunctionalGroupsSequence[2].PixelValueTransformationSequence[0].RescaleSlope = 1
    read_ct(save([dataset], tmp_path / "alike"))


def test_padding_of_frames_is_rescaled_as_they_are(tmp_path, make_slice, save):
    dataset, _ = enhanced(make_slice, [0, 3, 6])
    dataset.PixelPaddingValue = 0
    assert read_ct(save([dataset], tmp_path)).warnings == ()


def test_agrees_with_simpleitks_series_reader(tmp_path, make_slice, save):
    folder = save(stack(make_slice, [9.5, 7.0, 4.5, 2.0]), tmp_path)
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    theirs, ours = reader.Execute(), read_ct(folder).image
    assert np.allclose(affine(ours), affine(theirs), atol=1e-6)
    assert np.array_equal(sitk.GetArrayFromImage(ours), sitk.GetArrayFromImage(theirs))


@pytest.mark.data
@pytest.mark.parametrize(
    ("folder", "size", "spacing", "sharp"),
    [("A0001_5mm_lung_kernel", (512, 512, 64), 5.0, True), ("A0002_8mm_B70f", (512, 512, 30), 8.0, True)],
)
def test_real_series(real_data, folder, size, spacing, sharp):
    scan = read_ct(real_data / "ct_dicom" / folder)
    assert scan.image.GetSize() == size
    assert scan.image.GetSpacing()[2] == pytest.approx(spacing)
    assert scan.facts.sharp_kernel is sharp
    array = sitk.GetArrayFromImage(scan.image)
    assert array.min() == -1024
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(real_data / "ct_dicom" / folder)))
    theirs = reader.Execute()
    assert np.allclose(affine(scan.image), affine(theirs), atol=1e-4)
    assert np.array_equal(array, np.maximum(sitk.GetArrayFromImage(theirs), -1024))


@pytest.mark.data
def test_real_folder_with_two_series(real_data):
    assert "2 axial CT series" in refusal(real_data / "ct_dicom")
    assert read_ct(real_data / "ct_dicom", series="largest").image.GetSize()[2] == 64
