"""Contours of the Geneva database, drawn back onto the scan."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images import image_like, physical_points, read_ct, read_txt_rois, same_geometry
from LungCAD.labels import load_schema

GENEVA = load_schema("geneva18")
HEADER = "Study: CT thorax\nSeries: Lung 1.0\nSpacingX: 0.7\nSpacingY: 0.8\nSpacingZ: 10\n"


def contour(label, number, points) -> str:
    lines = "\n".join(f"{x:.4f} {y:.4f}" for x, y in points)
    return f"label: {label}\nslice_number: {number}\nnb_points_on_contour: {len(points)}\n{lines}\n"


def box(x0, y0, x1, y1):
    """Round pixels x0..x1, y0..y1 (inclusive), in mm at 0.7 x 0.8."""
    left, top, right, bottom = (x0 - 0.4) * 0.7, (y0 - 0.4) * 0.8, (x1 + 0.4) * 0.7, (y1 + 0.4) * 0.8
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


@pytest.fixture
def scan():
    image = sitk.GetImageFromArray(np.zeros((6, 30, 40), np.int16))
    image.SetSpacing((0.7, 0.8, 10.0))
    image.SetOrigin((-11.0, -22.0, -33.0))
    return image


@pytest.fixture
def write(tmp_path):
    def write(*contours, header=HEADER):
        path = tmp_path / "CT-INSPIRIUM-1186.txt"
        path.write_text(header + "".join(contours), encoding="latin-1")
        return path

    return write


def values(labels) -> np.ndarray:
    return sitk.GetArrayFromImage(labels)


def test_regions_land_on_their_pixels_counted_from_the_top(write, scan):
    path = write(
        contour("ground_glass", 1, box(3, 4, 9, 12)),
        contour("HC", 6, box(20, 5, 25, 9)),
        contour("fibrosis", 6, box(30, 5, 35, 9)),
        contour("fibrosis", 6, box(20, 15, 25, 19)),
    )
    labels = read_txt_rois(path, scan, GENEVA)
    assert same_geometry(labels, scan)
    expected = np.zeros((6, 30, 40), np.uint8)
    expected[5, 4:13, 3:10] = GENEVA.by_code("ground_glass").value
    expected[0, 5:10, 20:26] = GENEVA.by_code("honeycombing").value
    expected[0, 5:10, 30:36] = expected[0, 15:20, 20:26] = GENEVA.by_code("fibrosis").value
    assert np.array_equal(values(labels), expected)


def test_a_round_contour_has_the_area_of_its_polygon(write, scan):
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    points = [(14 + 8 * np.cos(angle), 12 + 8 * np.sin(angle)) for angle in angles]
    area = (
        np.count_nonzero(values(read_txt_rois(write(contour("cysts", 3, points)), scan, GENEVA))) * 0.7 * 0.8
    )
    assert area == pytest.approx(np.pi * 64, rel=0.02)


def test_any_storage_order_of_the_reference_gives_the_same_places(write, scan):
    path = write(contour("ground_glass", 2, box(3, 4, 9, 12)), contour("HC", 5, box(20, 5, 25, 9)))
    plain = read_txt_rois(path, scan, GENEVA)
    other = sitk.Flip(sitk.PermuteAxes(scan, [2, 0, 1]), [True, False, True])
    turned = read_txt_rois(path, other, GENEVA)
    places = [physical_points(labels, np.argwhere(values(labels))) for labels in (plain, turned)]
    first, second = (points[np.lexsort(points.T)] for points in places)
    assert np.allclose(first, second)


def test_slices_are_numbered_as_the_files_beside_the_text(tmp_path, make_slice, save, write):
    """Here the first instance is the lowest slice, and the scan was stored face down."""
    tags = {"ImageOrientationPatient": [-1, 0, 0, 0, -1, 0]}
    pixels = np.random.default_rng(0).integers(0, 2000, (30, 40)).astype(np.uint16)
    datasets = [make_slice(10.0 * n, n, pixels, **tags) for n in range(1, 5)]
    ct = read_ct(save(datasets, tmp_path)).image
    labels = read_txt_rois(write(contour("emphysema", 2, box(3, 4, 9, 12))), ct, GENEVA)
    expected = np.zeros((4, 30, 40), bool)
    expected[1, 4:13, 3:10] = True
    assert np.array_equal(values(labels) > 0, expected)
    # The same regions on a copy that runs along the patient's axes lie at the same places.
    copy = sitk.DICOMOrient(ct, "LPS")
    places = physical_points(image_like(values(labels), labels), np.argwhere(expected))
    again = read_txt_rois(tmp_path, copy, GENEVA)
    found = physical_points(again, np.argwhere(values(again)))
    assert np.allclose(found[np.lexsort(found.T)], places[np.lexsort(places.T)])


def test_a_copy_of_a_file_counts_no_slice(tmp_path, make_slice, save, write):
    pixels = np.random.default_rng(0).integers(0, 2000, (30, 40)).astype(np.uint16)
    save([make_slice(10.0 * n, n, pixels) for n in range(1, 5)], tmp_path)
    text = write(contour("emphysema", 3, box(3, 4, 9, 12)))
    shutil.copy(min(tmp_path.glob("*.dcm")), tmp_path / "copy.dcm")  # of the first instance
    for uid in (None, read_ct(tmp_path).facts.series_uid):
        found = values(read_txt_rois(text, read_ct(tmp_path).image, GENEVA, series_uid=uid))
        assert np.flatnonzero(found.any((1, 2))).tolist() == [2]


@pytest.mark.parametrize(
    ("contours", "says"),
    [
        ([contour("ground_glass", 7, box(3, 4, 9, 12))], "slice 7 of 6"),
        ([contour("ground_glass", 0, box(3, 4, 9, 12))], "slice 0 of 6"),
        ([contour("snow", 1, box(3, 4, 9, 12))], 'label "snow" that the schema geneva18 lacks'),
        (
            [contour("fibrosis", 1, box(3, 4, 9, 12)), contour("HC", 1, box(9, 4, 15, 12))],
            "overlapping regions",
        ),
        ([contour("fibrosis", 1, box(300, 400, 310, 410))], "a contour beside the picture"),
        (
            [contour("fibrosis", 1, box(3, 4, 9, 12)), contour("fibrosis", 1, box(-40, 4, 5, 12))],
            "a contour beside the picture",
        ),
        ([contour("fibrosis", 1, [(1, 2), (float("nan"), 4), (5, 6)])], "a point that is no number"),
        ([contour("fibrosis", 1, [(1.0, 1.0)])], "no region of at least one pixel"),
        ([], "no region of at least one pixel"),
        (["label: fibrosis\nslice_number: 1\nnb_points_on_contour: 4\n1 2\n3 4\n"], "no text of contours"),
        (["label: fibrosis\nnb_points_on_contour: 1\n1 2\n"], "no text of contours"),
        (["label: fibrosis\nslice_number: 1\nnb_points_on_contour: 1\n1 x\n"], "from line 8 on"),
        ([contour("fibrosis", "one", [(1, 2)])], "no text of contours"),
    ],
)
def test_faults(write, scan, contours, says):
    with pytest.raises(InputError) as error:
        read_txt_rois(write(*contours), scan, GENEVA)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


SCOUT = {"ImageOrientationPatient": [1, 0, 0, 0, 0, -1], "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}


@pytest.mark.parametrize("beside", [True, False])
def test_a_scout_and_a_second_series_count_no_slices(tmp_path, make_slice, save, write, beside):
    """As archives keep them, in one folder; the text beside them, or one folder above."""
    pixels = np.random.default_rng(0).integers(0, 2000, (30, 40)).astype(np.uint16)
    datasets = [make_slice(10.0 * n, n, pixels) for n in range(1, 5)]
    folder = tmp_path if beside else tmp_path / "ct"
    folder.mkdir(exist_ok=True)
    alone = read_ct(save(datasets, folder))
    text = write(contour("emphysema", 2, box(3, 4, 9, 12)))
    expected = np.zeros((4, 30, 40), bool)
    expected[1, 4:13, 3:10] = True  # the first instance is the lowest slice
    other = {"SeriesInstanceUID": "1.2.3", "InstanceNumber": None}
    more = [make_slice(10.0 * n, n, pixels, **{**other, "InstanceNumber": 5 - n}) for n in range(1, 5)]
    for name, added in (("scout", [make_slice(0.0, 0, pixels, **SCOUT)]), ("second", more)):
        (folder / name).mkdir()
        save(added, folder / name)
        for path in (folder / name).iterdir():
            path.replace(folder / f"{name}-{path.name}")
        uid = alone.facts.series_uid
        labels = read_txt_rois(text, alone.image, GENEVA, folder, uid)
        assert np.array_equal(values(labels) > 0, expected), name
    with pytest.raises(InputError, match="several series"):
        read_txt_rois(text, alone.image, GENEVA, folder)


def test_regions_of_the_same_label_may_touch(write, scan):
    path = write(contour("fibrosis", 1, box(3, 4, 9, 12)), contour("fibrosis", 1, box(9, 4, 15, 12)))
    assert np.count_nonzero(values(read_txt_rois(path, scan, GENEVA))) == 13 * 9


def test_a_text_of_another_scan(write, scan):
    path = write(contour("fibrosis", 1, box(3, 4, 9, 12)), header=HEADER.replace("0.7", "0.6"))
    with pytest.raises(InputError, match="is of another scan"):
        read_txt_rois(path, scan, GENEVA)


def test_what_is_no_text(tmp_path, scan):
    with pytest.raises(InputError, match="holds 0 text files"):
        read_txt_rois(tmp_path, scan, GENEVA)
    with pytest.raises(InputError, match="No such file"):
        read_txt_rois(tmp_path / "nothing.txt", scan, GENEVA)
    (tmp_path / "a.txt").write_bytes(bytes(range(256)))
    with pytest.raises(InputError, match="no text of contours"):
        read_txt_rois(tmp_path, scan, GENEVA)
