"""The choice among the series of a DICOM folder."""

from __future__ import annotations

import pytest
from pydicom.uid import (
    generate_uid,
)

from LungCAD.errors import InputError
from LungCAD.images import list_series, read_ct
from Testing.unit.images.dicom_stacks import refusal, stack


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
