"""Label maps and segmentations read back, and those that must be refused."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images import describe, image_like, read_labels, same_geometry, write_image, write_segmentation
from LungCAD.labels import load_schema

GAO5 = load_schema("gao5")
SLICER = "Segmentation category and type - 3D Slicer General Anatomy list"
TISSUE = f"{SLICER}~SCT^85756007^Tissue~SCT^85756007^Tissue~^^~Anatomic codes - DICOM master list~^^~^^"
CODED = "~SCT^49755003^Morphologically Altered Structure~DCM^112120^Ground glass opacity~^^~~^^~^^"


def segmentation(image, path, *segments):
    """A file as 3D Slicer writes it; segments are (name, value, layer, terminology)."""
    for number, (name, value, layer, terminology) in enumerate(segments):
        keys = {
            "ID": f"Segment_{number + 1}",
            "Name": name,
            "LabelValue": str(value),
            "Layer": str(layer),
            "Color": "0.5 0.7 0.5",
            "Tags": f"Segmentation.Status:inprogress|TerminologyEntry:{terminology}|",
        }
        for key, text in keys.items():
            image.SetMetaData(f"Segment{number}_{key}", text)
    sitk.WriteImage(image, str(path), useCompression=True)
    return path


def full(reference):
    return image_like(np.ones(reference.GetSize()[::-1], np.uint8), reference)


def refusal(path, reference, schema=GAO5) -> str:
    with pytest.raises(InputError) as error:
        read_labels(path, schema, reference)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(f"{path}: ")
    return str(error.value)


@pytest.fixture
def reference(make_ct, direction):
    return make_ct(direction=direction)


def test_segments_are_known_by_their_terminology_whatever_their_name(tmp_path, reference):
    array = np.zeros((7, 8, 9), np.uint8)
    array[1], array[2] = 1, 2
    path = segmentation(
        image_like(array, reference),
        tmp_path / "a.seg.nrrd",
        ("Milchglas", 1, 0, f"Other{CODED}"),
        ("fibrosis", 2, 0, TISSUE),
    )
    labels = read_labels(path, GAO5, reference)
    assert labels.GetPixelID() == sitk.sitkUInt8
    values = sitk.GetArrayFromImage(labels)
    assert np.all(values[1] == GAO5.by_code("ground_glass").value)
    assert np.all(values[2] == GAO5.by_code("fibrosis").value)
    assert np.count_nonzero(values) == 2 * 72


@pytest.mark.parametrize(
    "name", ["Ground glass opacity", "GROUND GLASS OPACITY", "ground_glass", " Ground glass opacity "]
)
def test_segments_are_known_by_name_or_code(tmp_path, make_ct, name):
    array = np.ones((7, 8, 9), np.uint8)
    path = segmentation(image_like(array, make_ct()), tmp_path / "a.seg.nrrd", (name, 1, 0, TISSUE))
    assert np.all(sitk.GetArrayFromImage(read_labels(path, GAO5, make_ct())) == 3)


def test_terminology_goes_before_the_name(tmp_path, make_ct):
    path = segmentation(full(make_ct()), tmp_path / "a.seg.nrrd", ("Healthy", 1, 0, f"X{CODED}"))
    assert np.all(sitk.GetArrayFromImage(read_labels(path, GAO5, make_ct())) == 3)


def test_a_cropped_extent_is_put_back(tmp_path, reference):
    array = np.zeros((7, 8, 9), np.uint8)
    array[2:4, 3:7, 5:8] = 1
    cropped = image_like(array, reference)[5:8, 3:7, 2:4]
    path = segmentation(cropped, tmp_path / "a.seg.nrrd", ("Emphysema", 1, 0, TISSUE))
    labels = read_labels(path, GAO5, reference)
    assert same_geometry(labels, reference)
    assert np.array_equal(sitk.GetArrayFromImage(labels), array * 2)


def test_layers(tmp_path, reference):
    layers = np.zeros((7, 8, 9, 2), np.uint8)
    layers[0:3, ..., 0], layers[3:5, ..., 0] = 1, 2
    layers[5, ..., 1] = 1
    layers[0, 0, 0, 1] = 1
    path = segmentation(
        image_like(layers, reference),
        tmp_path / "a.seg.nrrd",
        ("Healthy", 1, 0, TISSUE),
        ("Fibrosis", 2, 0, TISSUE),
        ("healthy", 1, 1, TISSUE),
    )
    values = sitk.GetArrayFromImage(read_labels(path, GAO5, reference))
    assert np.all(values[[0, 1, 2, 5]] == 1)
    assert np.all(values[3:5] == 4)
    assert np.all(values[6] == 0)


def test_a_voxel_in_two_labels(tmp_path, make_ct):
    layers = np.zeros((7, 8, 9, 2), np.uint8)
    layers[0:3, ..., 0] = layers[2:4, ..., 1] = 1
    segments = (("Healthy", 1, 0, TISSUE), ("Fibrosis", 1, 1, TISSUE))
    path = segmentation(image_like(layers, make_ct()), tmp_path / "a.seg.nrrd", *segments)
    assert "72 voxels that are both Healthy and Fibrosis" in refusal(path, make_ct())


def test_segments_that_the_schema_lacks(tmp_path, make_ct):
    path = segmentation(full(make_ct()), tmp_path / "a.seg.nrrd", ("Honeycombing", 1, 0, TISSUE))
    message = refusal(path, make_ct())
    assert 'segment "Honeycombing" that the schema gao5 lacks' in message
    assert "1 Healthy, 2 Emphysema, 3 Ground glass opacity" in message
    path = segmentation(
        full(make_ct()),
        path,
        ("Healthy", 1, 0, TISSUE),
        ("Honeycombing", 2, 0, TISSUE),
    )
    read_labels(path, GAO5, make_ct())  # an empty segment does no harm


def test_voxels_that_no_segment_stands_for(tmp_path, make_ct):
    """They were drawn, and would silently count as not drawn."""
    array = np.ones((7, 8, 9), np.uint8)
    array[2, :3, :4] = 5
    segments = ("Healthy", 1, 0, TISSUE), ("Fibrosis", 2, 0, TISSUE)
    path = segmentation(image_like(array, make_ct()), tmp_path / "a.seg.nrrd", *segments)
    assert "has 12 voxels of value 5, which none of its segments has" in refusal(path, make_ct())
    assert "12 voxels of value 5" in describe(path).problem
    layers = np.stack([np.minimum(array, 2), array // 5], axis=-1)
    layers[0, 0, 0, 1] = 2  # a value of the other layer
    path = segmentation(image_like(layers, make_ct()), path, *segments, ("Fibrosis", 1, 1, TISSUE))
    assert "has 1 voxels of value 2" in refusal(path, make_ct())


def test_segments_numbered_with_a_gap(tmp_path, make_ct):
    array = np.ones((7, 8, 9), np.uint8)
    array[3:] = 2
    image = image_like(array, make_ct())
    segments = ("", 9, 0, TISSUE), ("Healthy", 1, 0, TISSUE), ("", 9, 0, TISSUE), ("Fibrosis", 2, 0, TISSUE)
    path = segmentation(image, tmp_path / "a.seg.nrrd", *segments)
    for key in image.GetMetaDataKeys():
        if key.startswith(("Segment0_", "Segment2_")):
            image.EraseMetaData(key)
    sitk.WriteImage(image, str(path))
    values = sitk.GetArrayFromImage(read_labels(path, GAO5, make_ct()))
    assert np.all(values[:3] == 1)
    assert np.all(values[3:] == 4)


@pytest.mark.parametrize(
    ("value", "layer", "says"), [("one", 0, "proper layer or value"), (1, 1, "layer 1, which is not there")]
)
def test_a_segment_that_is_described_badly(tmp_path, make_ct, value, layer, says):
    path = segmentation(full(make_ct()), tmp_path / "a.seg.nrrd", ("Healthy", value, layer, TISSUE))
    assert says in refusal(path, make_ct())


def test_empty(tmp_path, make_ct):
    nothing = np.zeros((7, 8, 9), np.uint8)
    path = segmentation(image_like(nothing, make_ct()), tmp_path / "a.seg.nrrd", ("Healthy", 1, 0, TISSUE))
    assert "every segment is empty" in refusal(path, make_ct())
    write_image(image_like(nothing, make_ct()), tmp_path / "a.nii.gz")
    assert "every voxel is 0" in refusal(tmp_path / "a.nii.gz", make_ct())


@pytest.mark.parametrize("suffix", [".nrrd", ".nii.gz"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
def test_label_maps_of_any_type(tmp_path, make_ct, dtype, suffix):
    array = np.random.default_rng(0).choice([0, 1, 5, 255], (7, 8, 9)).astype(dtype)
    write_image(image_like(array, make_ct()), tmp_path / f"a{suffix}")
    labels = read_labels(tmp_path / f"a{suffix}", GAO5, make_ct())
    assert labels.GetPixelID() == sitk.sitkUInt8
    assert np.array_equal(sitk.GetArrayFromImage(labels), array)


@pytest.mark.parametrize(
    ("value", "said"), [(6, "(6)"), (-1, "(-1)"), (2.5, "(2.5)"), (300, "(300)"), (np.nan, "(nan)")]
)
def test_values_that_the_schema_lacks(tmp_path, make_ct, value, said):
    array = np.ones((7, 8, 9), np.float32)
    array[3] = value
    write_image(image_like(array, make_ct()), tmp_path / "a.nrrd")
    assert f"values that the schema gao5 lacks {said}" in refusal(tmp_path / "a.nrrd", make_ct())


def test_another_geometry(tmp_path, make_ct):
    array = np.ones((7, 8, 9), np.uint8)
    write_image(image_like(array, make_ct()), tmp_path / "a.nrrd")
    assert "another geometry" in refusal(tmp_path / "a.nrrd", make_ct(spacing=(0.7, 0.8, 2.5)))
    assert "reaches beyond" in refusal(tmp_path / "a.nrrd", make_ct(size=(9, 8, 6)))
    write_segmentation(image_like(array, make_ct()), GAO5, tmp_path / "a.seg.nrrd")
    assert "another geometry" in refusal(tmp_path / "a.seg.nrrd", make_ct(spacing=(0.7, 0.8, 2.5)))


def test_a_picture_or_a_colour_volume(tmp_path, make_ct):
    image = make_ct()
    sitk.WriteImage(sitk.Compose(image, image), str(tmp_path / "a.nrrd"))
    assert "several values per voxel" in refusal(tmp_path / "a.nrrd", image)
    (tmp_path / "a.txt").write_text("nothing")
    assert "is not an image" in refusal(tmp_path / "a.txt", image)
