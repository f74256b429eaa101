"""Ticks of a review, as they are exported, are what a detector learns from."""

from __future__ import annotations

import dataclasses
import shutil

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.review.slice_export import export_slices
from LungCAD.review.slice_labels import SliceLabels, read_slice_labels, write_slice_labels
from LungCAD.review.slice_review import SliceReview
from LungCAD.train.detection.slices import DISEASES, TICKED
from LungCAD.train.detection.ticks import ticked_slices
from Testing.slicer.spot_network import chest, chest_image

SPOTS = {"ground_glass": (range(9, 12), (70, 50))}


@pytest.fixture
def table(tmp_path):
    """Slices 10 and 13, counted from the feet, of a scan that is stored from the head on."""
    scan = sitk.DICOMOrient(chest_image(chest(SPOTS)), "RAI")
    review = SliceReview(tmp_path / "review", "case-1", "AB", DISEASES)
    review.judge(24 - 10, {"ground_glass"})
    review.judge(24 - 13, ())
    return export_slices(review, scan, tmp_path / "set", "patient-1")


def rewritten(table, **changes):
    first, *others = read_slice_labels(table, DISEASES)
    rows = [dataclasses.replace(first, **changes), *others]
    write_slice_labels(table, rows, DISEASES, overwrite=True)
    return table


def test_the_slices_are_the_right_ones(table):
    (found,) = ticked_slices(table)
    everything = found.input.images(chest_image(chest(SPOTS))).numpy()
    np.testing.assert_array_equal(found.images, everything[[13, 10]])
    assert found.areas.tolist() == [[0, 0, 0, 0], [TICKED, 0, 0, 0]]
    assert found.patients.tolist() == ["patient-1"] * 2 and found.folds is None
    assert found.licence == "not stated"


def test_what_is_not_said_is_left_out(table):
    said = {code: None if code == "emphysema" else False for code in DISEASES}
    (found,) = ticked_slices(rewritten(table, shown=said))
    assert found.areas.tolist() == [[TICKED, 0, 0, 0]]


def test_folds_and_licence(table):
    rows = read_slice_labels(table, DISEASES)
    image = rows[0].image.with_name(f"other-{rows[0].image.name}")
    shutil.copyfile(rows[0].image, image)
    other = SliceLabels("P2", "S2", image, 3, rows[0].shown, 1, "CC BY 4.0")
    rows = [*(dataclasses.replace(row, fold=0) for row in rows), other]
    write_slice_labels(table, rows, DISEASES, overwrite=True)
    second, first = ticked_slices(table)
    assert (second.folds.tolist(), second.licence) == ([1], "CC BY 4.0") and first.folds.tolist() == [0, 0]
    # Cards of networks carry it: no name of a file or folder, which may tell who a patient is.
    assert first.source == second.source == "slices of 2 scans of 2 patients that a reader ticked"


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"slice": 25}, "slice 25 of case-1, which has 24"), ({"fold": 1}, "another fold")],
)
def test_bad_rows(table, changes, words):
    with pytest.raises(InputError, match=words):
        list(ticked_slices(rewritten(table, **changes)))


def test_one_image_is_of_one_scan(table):
    rows = read_slice_labels(table, DISEASES)
    other = SliceLabels("P2", "S2", rows[0].image, 3, rows[0].shown, None, "")
    write_slice_labels(table, [*rows, other], DISEASES, overwrite=True)
    with pytest.raises(InputError, match="gives case-1 the image of S2"):
        list(ticked_slices(table))


def test_nothing_is_said(table):
    rows = [
        dataclasses.replace(row, shown=dict.fromkeys(DISEASES)) for row in read_slice_labels(table, DISEASES)
    ]
    write_slice_labels(table, rows, DISEASES, overwrite=True)
    with pytest.raises(InputError, match="nothing whole"):
        list(ticked_slices(table))
