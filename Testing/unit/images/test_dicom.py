"""DICOM folders and files: order, geometry, choice among series, and what must not pass."""

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
    generate_uid,
)

from LungCAD.errors import InputError
from LungCAD.images import affine, describe, list_series, read_ct, read_facts


def stack(make_slice, heights, **tags):
    return [make_slice(z=float(z), number=n, **tags) for n, z in enumerate(heights, 1)]


def hu_of(datasets) -> np.ndarray:
    """What pydicom says, in ascending height."""
    ordered = sorted(datasets, key=lambda dataset: dataset.ImagePositionPatient[2])
    return np.array([dataset.pixel_array.astype(int) - 1024 for dataset in ordered])


def refusal(path, **options) -> str:
    with pytest.raises(InputError) as error:
        read_ct(path, **options)
    message = str(error.value)
    assert "\n" not in message
    for secret in ("Doe", "Jane", "Secret", "19010203"):
        assert secret not in message
    return message


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


# ---- irregular stacks


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


# ---- several series


def other_series(make_slice, heights, **tags):
    uid = generate_uid()
    return uid, stack(make_slice, heights, SeriesInstanceUID=uid, **tags)


def test_the_only_axial_ct_is_taken(tmp_path, make_slice, save):
    scout = {
        "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"],
        "ImageOrientationPatient": [1, 0, 0, 0, 0, -1],
    }
    save(other_series(make_slice, [0], **scout)[1], tmp_path / "scout")
    save(
        other_series(make_slice, range(0, 99, 3), Modality="PT", SOPClassUID="1.2.840.10008.5.1.4.1.1.128")[
            1
        ],
        tmp_path / "pet",
    )
    coronal = [
        make_slice(
            number=n,
            SeriesInstanceUID="1.2.9",
            ImageOrientationPatient=[1, 0, 0, 0, 0, -1],
            ImagePositionPatient=[0, n, 0],
        )
        for n in range(9)
    ]
    save(coronal, tmp_path / "coronal")
    save(other_series(make_slice, [50, 50, 50])[1], tmp_path / "bolus tracking")
    save(other_series(make_slice, [0], SOPClassUID="1.2.840.10008.5.1.4.1.1.7")[1], tmp_path / "dose report")
    uid, datasets = other_series(make_slice, [0, 5, 10, 15])
    save(datasets, tmp_path / "chest")
    (tmp_path / "README.txt").write_text("not DICOM")
    (tmp_path / "DICOMDIR").write_bytes(b"\0" * 200)
    assert read_ct(tmp_path).facts.series_uid == uid
    assert read_ct(tmp_path, series="largest").facts.series_uid == uid
    kinds = [series.kind for series in list_series(tmp_path)]
    assert sorted(kinds) == ["CT, not axial", "PT", "axial CT", "axial CT", "derived CT", "scout"]
    assert list_series(tmp_path)[0].uid == uid


def test_two_axial_series_need_a_choice(tmp_path, make_slice, save):
    thin, thin_slices = other_series(make_slice, range(0, 20, 2), ConvolutionKernel="B70f")
    thick, thick_slices = other_series(make_slice, range(0, 20, 5), SliceThickness=5)
    save(thin_slices, tmp_path)
    save(thick_slices, tmp_path)
    message = refusal(tmp_path)
    assert "2 axial CT series" in message
    assert f"{thin} (axial CT, 10 slices, every 2 mm, 2 mm thick, kernel B70f)" in message
    assert f"{thick} (axial CT, 4 slices, every 5 mm, 5 mm thick, kernel B30f)" in message
    assert read_ct(tmp_path, series=thick).image.GetSize()[2] == 4
    assert read_ct(tmp_path, series="largest").facts.series_uid == thin
    assert "no series 1.2.3" in (message := refusal(tmp_path, series="1.2.3"))
    assert thin in message


@pytest.mark.parametrize(
    "words", [["AXIAL", "CT_SOM5 MIP"], ["REFORMATTED", "MINIP"], ["VOLUME", "MAXIMUM"], ["PROJECTION IMAGE"]]
)
def test_projections_are_no_densities(tmp_path, make_slice, save, words):
    image_type = ["DERIVED", "SECONDARY", *words]
    mip, datasets = other_series(make_slice, range(0, 99, 3), ImageType=image_type)
    folder = save(datasets, tmp_path / "mip")
    assert "holds no axial CT" in refusal(folder)
    assert "is a CT projection" in refusal(folder, series=mip)
    assert "is a CT projection" in refusal(next(folder.iterdir()))
    uid, datasets = other_series(
        make_slice, [0, 5, 10], ImageType=["DERIVED", "SECONDARY", "REFORMATTED", "AVERAGE"]
    )
    save(datasets, tmp_path / "chest")
    for series in (None, "largest"):
        assert read_ct(tmp_path, series=series).facts.series_uid == uid


def test_a_scout_is_no_ct_even_where_it_is_named(tmp_path, make_slice, save):
    scout = {
        "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"],
        "ImageOrientationPatient": [1, 0, 0, 0, 0, -1],
    }
    uid, datasets = other_series(make_slice, [0], **scout)
    folder = save(datasets, tmp_path)
    for path, options in ((folder, {"series": uid}), (next(folder.iterdir()), {})):
        assert "is a scout" in refusal(path, **options)


def test_series_info(tmp_path, make_slice, save):
    uid, datasets = other_series(make_slice, [0, 5, 10])
    (info,) = list_series(save(datasets, tmp_path))
    assert (info.uid, info.number, info.modality, info.kind) == (uid, 3, "CT", "axial CT")
    assert (info.slices, info.size, info.pixel_spacing_mm) == (3, (5, 6), 0.8)
    assert (info.slice_spacing_mm, info.slice_thickness_mm, info.kernel) == (5.0, 2.0, "B30f")


def test_no_ct(tmp_path, make_slice, save):
    save(stack(make_slice, [0, 5], Modality="MR", SOPClassUID="1.2.840.10008.5.1.4.1.1.4"), tmp_path)
    assert "holds no axial CT. It holds" in refusal(tmp_path)
    assert "is no CT (modality MR)" in refusal(tmp_path, series=list_series(tmp_path)[0].uid)
    assert "is no CT (modality MR)" in refusal(next(tmp_path.iterdir()))


def test_list_series_of_what_is_no_folder(tmp_path):
    with pytest.raises(InputError, match="is not a folder"):
        list_series(tmp_path / "nothing")
    assert list_series(tmp_path) == []


# ---- damaged


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


def test_colour_capture(tmp_path, make_slice, save):
    pixels = np.random.default_rng(0).integers(0, 255, (6, 5, 3)).astype(np.uint8)
    tags = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}
    bits = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
    save([make_slice(0.0, 1, pixels, **tags, **bits)], tmp_path)
    assert "colour" in refusal(tmp_path)


# ---- real


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
