"""From scans to slices with truth: areas, cells, readers, the store; and inputs that cannot be used."""

from __future__ import annotations

import csv
import dataclasses
import json

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.images import image_like, write_image
from LungCAD.labels import load_schema
from LungCAD.tasks.detection_input import DetectionInput
from LungCAD.train.detection.label_volumes import label_volume_slices
from LungCAD.train.detection.slices import DISEASES, TICKED, SliceSet, cut_slices, disease_areas, join
from LungCAD.train.detection.splitting import fold_of_slices
from LungCAD.train.detection.store import read_slices, write_slices
from LungCAD.train.detection.ticks import ticked_slices

LTRC = load_schema("ltrc5")
GROUND_GLASS, EMPHYSEMA = 2, 5
SPACING = (2.0, 2.0, 5.0)


def scan(slices=4, direction=(1, 0, 0, 0, 1, 0, 0, 0, 1), seed=0):
    """A body with two lungs; ground glass on the right of slice 1, emphysema left on slice 2."""
    z, y, x = np.ogrid[:slices, :128, :160]
    body = ((y - 64) / 55) ** 2 + ((x - 80) / 75) ** 2 < 1
    lungs = (((x - 45) / 25) ** 2 + ((y - 64) / 35) ** 2 < 1) | (
        ((x - 115) / 25) ** 2 + ((y - 64) / 35) ** 2 < 1
    )
    hu = np.where(body, 40, -1000) + 0 * z
    hu = np.where(lungs & body, -860, hu).astype(np.int16)
    labels = np.where(lungs & body, 1, 0).astype(np.uint8) + np.zeros_like(hu, np.uint8)
    labels[1, 50:80, 30:60][labels[1, 50:80, 30:60] > 0] = GROUND_GLASS
    labels[2, 50:80, 100:130][labels[2, 50:80, 100:130] > 0] = EMPHYSEMA
    hu += np.random.default_rng(seed).integers(-20, 20, hu.shape, dtype=np.int16)
    return image(hu, direction), image(labels, direction)


def image(array, direction=(1, 0, 0, 0, 1, 0, 0, 0, 1)):
    made = sitk.GetImageFromArray(array)
    made.SetSpacing(SPACING)
    made.SetDirection(direction)
    made.SetOrigin((-150.0, -120.0, 40.0))
    return made


def some_slices(count=12, patients=4, seed=0):
    rng = np.random.default_rng(seed)
    areas = np.where(rng.random((count, 4)) < 0.4, rng.uniform(0, 9000, (count, 4)), 0).astype(np.float32)
    return SliceSet(
        rng.integers(0, 256, (count, 3, 224, 224), dtype=np.uint8),
        areas,
        np.array([f"p{i % patients}" for i in range(count)]),
        DISEASES,
        DetectionInput(),
        "random numbers",
        "none",
    )


def write_case(folder, name, direction=(1, 0, 0, 0, 1, 0, 0, 0, 1), values=None):
    ct, labels = scan(direction=direction)
    if values is not None:
        labels = sitk.Cast(sitk.ChangeLabel(labels, values), sitk.sitkUInt8)
    write_image(ct, folder / f"{name}.nii.gz")
    sitk.WriteImage(labels, str(folder / f"{name}-labels.nrrd"))


def write_pairs(folder, *names):
    with (folder / "pairs.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["image", "labels", "patient"])
        table.writerows([f"{n}.nii.gz", f"{n}-labels.nrrd", n] for n in names)


def write_ticks(folder, *rows):
    path = folder / "ticks.csv"
    heading = ("patient", "scan", "image", "slice", *DISEASES, "fold")
    path.write_text("\n".join(",".join(map(str, row)) for row in (heading, *rows)))
    return path


# Areas and cells


def test_areas_are_pixels_times_their_size():
    _, labels = scan()
    values = sitk.GetArrayFromImage(labels)
    areas = disease_areas(labels, LTRC, DISEASES)
    assert areas[1, 0] == np.count_nonzero(values[1] == GROUND_GLASS) * 4.0
    assert areas[2, 3] == np.count_nonzero(values[2] == EMPHYSEMA) * 4.0
    assert np.count_nonzero(areas) == 2


@pytest.mark.parametrize(
    "direction", [(-1, 0, 0, 0, 1, 0, 0, 0, -1), (1, 0, 0, 0, 0.98, -0.199, 0, 0.199, 0.98)]
)
def test_slices_count_from_the_feet_whatever_the_direction(direction):
    straight = disease_areas(scan()[1], LTRC, DISEASES)
    turned = disease_areas(scan(direction=direction)[1], LTRC, DISEASES)
    expected = straight[::-1] if direction[8] < 0 else straight
    np.testing.assert_array_equal(turned, expected)


def test_a_coronal_stack_of_an_axial_scan_gives_the_same_slices():
    ct, labels = scan()
    swapped = [sitk.PermuteAxes(one, [0, 2, 1]) for one in (ct, labels)]
    ours = cut_slices(*swapped, LTRC, DetectionInput(), "p", "s", "l")
    expected = cut_slices(ct, labels, LTRC, DetectionInput(), "p", "s", "l")
    np.testing.assert_array_equal(ours.images, expected.images)
    np.testing.assert_array_equal(ours.areas, expected.areas)


def test_cells_add_up_to_the_areas():
    slices = cut_slices(*scan(), LTRC, DetectionInput(), "p", "s", "l")
    assert slices.cells.shape == (4, 6, 13, 13)
    cell_mm2 = (16 * 320 / 224) ** 2
    found = slices.cells[:, 1:-1].sum((2, 3)) / 255 * cell_mm2
    np.testing.assert_allclose(found, slices.areas, atol=80)


def test_cells_lie_where_the_disease_lies():
    slices = cut_slices(*scan(), LTRC, DetectionInput(), "p", "s", "l")
    glass, holes = slices.cells[1, 1].sum(0), slices.cells[2, 4].sum(0)
    assert glass[:6].sum() > 0
    assert glass[7:].sum() == 0
    assert holes[7:].sum() > 0
    assert holes[:6].sum() == 0


def test_cells_tell_what_only_resembles_a_disease():
    ct, labels = scan()
    values = sitk.GetArrayFromImage(labels)
    resembles = image_like(np.uint8(values == GROUND_GLASS), labels)
    plain = cut_slices(ct, labels, LTRC, DetectionInput(), "p", "s", "l")
    slices = cut_slices(ct, labels, LTRC, DetectionInput(), "p", "s", "l", mimics=resembles)
    np.testing.assert_array_equal(slices.cells[:, -1], plain.cells[:, 1])
    np.testing.assert_array_equal(slices.cells[:, :-1], plain.cells[:, :-1])
    assert not plain.cells[:, -1].any()


def test_labels_on_another_grid_are_refused():
    ct, labels = scan()
    labels.SetOrigin((0, 0, 0))
    with pytest.raises(InputError, match="geometry"):
        cut_slices(ct, labels, LTRC, DetectionInput(), "p", "s", "l")


def test_a_value_that_the_schema_lacks_is_refused():
    _, labels = scan()
    with pytest.raises(InputError, match="9"):
        disease_areas(sitk.ChangeLabel(labels, {2: 9}), LTRC, DISEASES)


def test_a_schema_without_the_diseases_is_refused():
    with pytest.raises(InputError, match="reticulation"):
        disease_areas(scan()[1], load_schema("gao5"), DISEASES)


# Label volumes


def test_label_volumes_are_read(tmp_path):
    write_case(tmp_path, "a")
    write_case(tmp_path, "b", direction=(-1, 0, 0, 0, -1, 0, 0, 0, 1))
    write_pairs(tmp_path, "a", "b")
    a, b = label_volume_slices(tmp_path)
    np.testing.assert_array_equal(a.areas, b.areas)
    assert (len(a), a.patients[0], b.patients[0]) == (4, "a", "b")
    assert a.source == b.source == "2 scans of 2 patients with label volumes"


def test_other_values_are_translated(tmp_path):
    write_case(tmp_path, "a", values={1: 10, GROUND_GLASS: 20, EMPHYSEMA: 50})
    write_pairs(tmp_path, "a")
    meaning = {"10": "healthy", "20": "ground_glass", "50": "emphysema"}
    (tmp_path / "values.json").write_text(json.dumps(meaning))
    (found,) = label_volume_slices(tmp_path)
    np.testing.assert_array_equal(found.areas, disease_areas(scan()[1], LTRC, DISEASES))


def test_values_that_are_none_of_the_diseases(tmp_path):
    write_case(tmp_path, "a", values={1: 10, GROUND_GLASS: 20, EMPHYSEMA: 50})
    write_pairs(tmp_path, "a")
    (tmp_path / "values.json").write_text('{"10": "healthy", "20": null, "50": "emphysema"}')
    (found,) = label_volume_slices(tmp_path)
    expected = disease_areas(scan()[1], LTRC, DISEASES)
    expected[:, 0] = 0
    np.testing.assert_array_equal(found.areas, expected)


@pytest.mark.parametrize(
    ("meaning", "what"),
    [
        ({"10": "healthy"}, "20"),
        ({"10": "healthy", "20": "nonsense", "50": "emphysema"}, "nonsense"),
        ({"10": ["healthy"], "20": None, "50": None}, "healthy"),
    ],
)
def test_values_without_meaning_are_refused(tmp_path, meaning, what):
    write_case(tmp_path, "a", values={1: 10, GROUND_GLASS: 20, EMPHYSEMA: 50})
    write_pairs(tmp_path, "a")
    (tmp_path / "values.json").write_text(json.dumps(meaning))
    with pytest.raises(InputError, match=what):
        list(label_volume_slices(tmp_path))


def test_a_folder_without_pairs_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"pairs\.csv"):
        list(label_volume_slices(tmp_path))


@pytest.mark.parametrize("value", [1.5, np.nan])
def test_labels_that_are_no_whole_numbers_are_refused(tmp_path, value):
    write_case(tmp_path, "a")
    labels = sitk.ReadImage(str(tmp_path / "a-labels.nrrd"), sitk.sitkFloat32)
    labels[80, 64, 1] = value
    sitk.WriteImage(labels, str(tmp_path / "a-labels.nrrd"))
    write_pairs(tmp_path, "a")
    meaning = {"1": "healthy", "2": "ground_glass", "5": "emphysema"}
    (tmp_path / "values.json").write_text(json.dumps(meaning))
    with pytest.raises(InputError, match=f"the values {value:g}, .*whole numbers"):
        list(label_volume_slices(tmp_path))


@pytest.mark.parametrize("column", ["image", "labels", "patient"])
def test_a_pair_that_lacks_something_is_refused(tmp_path, column):
    write_case(tmp_path, "a")
    row = {"image": "a.nii.gz", "labels": "a-labels.nrrd", "patient": "p", column: " "}
    (tmp_path / "pairs.csv").write_text(f"{','.join(row)}\n{','.join(row.values())}\n")
    with pytest.raises(InputError, match=f"line 2 has no {column}"):
        list(label_volume_slices(tmp_path))


def test_a_table_in_another_encoding_is_told(tmp_path):
    (tmp_path / "pairs.csv").write_bytes("image,labels,patient\na,b,Bär\n".encode("latin-1"))
    with pytest.raises(InputError, match="UTF-8"):
        list(label_volume_slices(tmp_path))


# Ticks


def test_ticks_are_read(tmp_path):
    write_case(tmp_path, "a", direction=(1, 0, 0, 0, -1, 0, 0, 0, 1))
    rows = [["p", "a", "a.nii.gz", 3, 1, 0, 0, 0, 0], ["p", "a", "a.nii.gz", 1, 0, 0, 0, 1, 0]]
    (found,) = ticked_slices(write_ticks(tmp_path, *rows))
    expected = DetectionInput().images(scan(direction=(1, 0, 0, 0, -1, 0, 0, 0, 1))[0]).numpy()
    np.testing.assert_array_equal(found.images, expected[[2, 0]])
    np.testing.assert_array_equal(found.areas, [[TICKED, 0, 0, 0], [0, 0, 0, TICKED]])
    np.testing.assert_array_equal(found.present(1e9), found.areas > 0)
    assert found.ticked


def test_a_slice_that_the_scan_has_not_is_refused(tmp_path):
    write_case(tmp_path, "a")
    with pytest.raises(InputError, match="which has 4"):
        list(ticked_slices(write_ticks(tmp_path, ["p", "a", "a.nii.gz", 5, 1, 0, 0, 0, 0])))


def test_a_patient_in_two_folds_is_refused(tmp_path):
    rows = [["p", "a", "a.nii.gz", 1, 1, 0, 0, 0, 1], ["p", "b", "b.nii.gz", 1, 1, 0, 0, 0, 2]]
    with pytest.raises(InputError, match="another fold"):
        list(ticked_slices(write_ticks(tmp_path, *rows)))


# Sets, folds, the store


def test_slices_are_kept(tmp_path):
    parts = [cut_slices(*scan(seed=seed), LTRC, DetectionInput(), f"p{seed}", "s", "l") for seed in range(2)]
    write_slices(parts, tmp_path / "kept")
    found, expected = read_slices(tmp_path / "kept"), join(parts)
    for name in ("images", "areas", "cells", "patients", "gap_mm"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    assert (found.diseases, found.input, found.source) == (expected.diseases, expected.input, "s")
    assert (found.gap_mm == 0).sum() == 2


def test_ticks_survive_the_store(tmp_path):
    write_case(tmp_path, "a")
    table = write_ticks(tmp_path, ["p", "a", "a.nii.gz", 3, 1, 0, 0, 0, 3])
    write_slices(ticked_slices(table), tmp_path / "kept")
    found = read_slices(tmp_path / "kept")
    assert found.ticked
    assert found.cells is None
    assert found.gap_mm is None
    assert found.folds.tolist() == [3]


def test_slices_of_another_version_are_refused(tmp_path):
    write_slices([some_slices()], tmp_path / "kept")
    table = tmp_path / "kept" / "slices.csv"
    table.write_text(table.read_text("utf-8").replace("gap [mm]", "gap", 1), encoding="utf-8")
    with pytest.raises(InputError, match="another version"):
        read_slices(tmp_path / "kept")


@pytest.mark.parametrize("name", ["about.json", "slices.csv", "images.raw", "cells.raw"])
def test_a_damaged_store_is_refused(tmp_path, name):
    cells = np.zeros((12, 2 + len(DISEASES), 13, 13), np.uint8)
    write_slices([dataclasses.replace(some_slices(), cells=cells)], tmp_path / "kept")
    content = (tmp_path / "kept" / name).read_bytes()
    (tmp_path / "kept" / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="kept"):
        read_slices(tmp_path / "kept")


def test_nothing_to_store_is_refused(tmp_path):
    with pytest.raises(InputError, match="no slice"):
        write_slices([], tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_no_patient_is_in_two_folds():
    slices = some_slices(60, patients=11)
    fold = fold_of_slices(slices, 4, 3000.0, seed=1)
    assert set(fold) == {0, 1, 2, 3}
    assert all(len(set(fold[slices.patients == patient])) == 1 for patient in set(slices.patients))


def test_fewer_patients_than_folds_are_refused():
    with pytest.raises(InputError, match="3 patients"):
        fold_of_slices(some_slices(patients=3), 4, 3000.0, seed=0)


def test_slices_prepared_in_different_ways_do_not_mix():
    other = dataclasses.replace(some_slices(), input=DetectionInput(field_mm=300.0))
    with pytest.raises(InputError, match="otherwise"):
        join([some_slices(), other])


@pytest.mark.parametrize("first", [0, 1])
def test_cells_of_some_slices_alone_are_left_out(tmp_path, first):
    known = some_slices()
    parts = [known, dataclasses.replace(known, cells=None)]
    write_slices([parts[first], parts[1 - first]], tmp_path / "kept")
    found = read_slices(tmp_path / "kept")
    assert found.cells is None and len(found) == 2 * len(known)


@pytest.mark.parametrize("first", [0, 1])
def test_folds_of_some_slices_alone_are_refused(tmp_path, first):
    known = some_slices()
    parts = [known, dataclasses.replace(known, folds=np.zeros(len(known), int))]
    with pytest.raises(InputError, match="has no folds, where other slices have"):
        write_slices([parts[first], parts[1 - first]], tmp_path / "kept")
    assert not (tmp_path / "kept").exists()
