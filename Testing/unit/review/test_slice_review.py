"""Judgements of whole slices: on the disk at once, and out as a table to train on."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.errors import InputError
from LungCAD.files import sole_use
from LungCAD.images import read_ct
from LungCAD.review import case_pseudonym
from LungCAD.review.slice_export import export_slices
from LungCAD.review.slice_labels import SliceLabels, read_slice_labels, write_slice_labels
from LungCAD.review.slice_review import LEDGER, SliceReview, restore_slices

DISEASES = ("ground_glass", "emphysema")
CASE = "case-00aa"


def opened(folder, **changes):
    return SliceReview(
        **{"folder": folder, "case": CASE, "reviewer": "AB", "diseases": DISEASES, "model": "M", **changes}
    )


def scan():
    image = sitk.GetImageFromArray(np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6) - 900)
    image.SetMetaData("patient", "Doe")
    image.SetSpacing((0.7, 0.7, 5))
    return image


def test_what_was_said_stays(tmp_path):
    review = opened(tmp_path / "new" / "review")
    review.judge(3, {"emphysema"})
    review.judge(7, ())
    review.judge(3, {"emphysema", "ground_glass"})
    review.judge(9, {"ground_glass"})
    review.take_back(9)
    review.take_back(1)  # nothing was said of it: nothing is written
    expected = {3: {"emphysema", "ground_glass"}, 7: set()}
    assert review.judgements == expected and list(review.judgements) == [3, 7]
    again = opened(tmp_path / "new" / "review", reviewer="CD")
    assert again.judgements == expected
    again.judge(1, {"emphysema"})
    assert [(line.number, line.reviewer) for line in again.entries][-2:] == [(5, "AB"), (6, "CD")]
    assert again.entries[0].shown == ("emphysema",) and again.entries[0].model == "M"


def test_a_torn_line_costs_itself_alone(tmp_path):
    opened(tmp_path).judge(3, {"emphysema"})
    with (tmp_path / LEDGER).open("a") as ledger:
        ledger.write('{"version": 1, "numb')
    review = opened(tmp_path)
    review.judge(4, ())
    assert opened(tmp_path).judgements == {3: {"emphysema"}, 4: set()}


def test_altered_or_foreign_ledgers(tmp_path):
    opened(tmp_path).judge(3, {"emphysema"})
    opened(tmp_path).judge(4, {"emphysema"})
    with pytest.raises(InputError, match="another scan"):
        opened(tmp_path, case="case-other")
    with pytest.raises(InputError, match="others to tick"):
        opened(tmp_path, diseases=("emphysema",))
    text = (tmp_path / LEDGER).read_text(encoding="utf-8")
    (tmp_path / LEDGER).write_text(text.replace('"place": 3', '"place": 2'))
    with pytest.raises(InputError, match="altered: line 2"):
        opened(tmp_path)
    for line in ("[]", json.dumps({"version": 9}), json.dumps({"version": 1, "previous": "0" * 64})):
        (tmp_path / LEDGER).write_text(line + "\n")
        with pytest.raises(InputError, match="line 1"):
            opened(tmp_path)


def test_a_ledger_that_a_scene_carried(tmp_path):
    review = opened(tmp_path / "here")
    assert review.text == ""
    review.judge(3, {"emphysema"})
    early = review.text
    review.judge(4, ())
    there = tmp_path / "there"
    restore_slices(review.text, there, CASE, "CD")  # of another reader
    restore_slices(review.text, there, "case-00bb", "AB")  # of another scan
    assert not there.exists()
    restore_slices(review.text, there, CASE, "ab")  # who shares the folder of AB
    assert opened(there).judgements == review.judgements
    opened(there).judge(5, ())
    restore_slices(review.text, there, CASE, "AB")  # what is on the disk is further
    assert list(opened(there).judgements) == [3, 4, 5]
    restore_slices(early, tmp_path / "new", CASE, "AB")
    restore_slices(review.text, tmp_path / "new", CASE, "AB")
    assert list(opened(tmp_path / "new").judgements) == [3, 4]
    with pytest.raises(InputError, match="damaged"):
        restore_slices("{}\n", tmp_path / "other", CASE, "AB")


def test_what_cannot_be_said(tmp_path):
    review = opened(tmp_path)
    with pytest.raises(ValueError, match="slice"):
        review.judge(0, ())
    with pytest.raises(ValueError, match="micronodules"):
        review.judge(1, {"micronodules"})
    assert not review.entries


def test_export(tmp_path):
    review = opened(tmp_path / "review")
    review.judge(2, {"emphysema"})
    review.judge(4, ())
    table = export_slices(review, scan(), tmp_path / "set", "patient-1")
    rows = read_slice_labels(table, DISEASES)
    assert [(row.patient, row.scan, row.slice) for row in rows] == [
        ("patient-1", CASE, 2),
        ("patient-1", CASE, 4),
    ]
    assert rows[0].shown == {"ground_glass": False, "emphysema": True}
    image = sitk.ReadImage(rows[0].image)
    assert "Doe" not in rows[0].image.read_bytes().decode(errors="replace")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(scan()))
    assert read_ct(rows[0].image).image.GetSize() == (6, 5, 4)

    other = opened(tmp_path / "other", case="case-00bb")
    other.judge(1, {"ground_glass"})
    export_slices(other, scan(), tmp_path / "set", "patient-2")
    review.judge(1, ())
    with pytest.raises(InputError, match="already"):
        export_slices(review, scan(), tmp_path / "set", "patient-1")
    export_slices(review, scan(), tmp_path / "set", "patient-1", overwrite=True)
    rows = read_slice_labels(table, DISEASES)
    assert [(row.scan, row.slice) for row in rows] == [(CASE, 1), (CASE, 2), (CASE, 4), ("case-00bb", 1)]
    with table.open(encoding="utf-8") as file:
        assert {row["image"] for row in csv.DictReader(file)} == {
            f"images/{CASE}.nrrd",
            "images/case-00bb.nrrd",
        }


def test_folds_and_licences_that_somebody_wrote_stay(tmp_path):
    review, other = opened(tmp_path / "review"), opened(tmp_path / "other", case="case-00bb")
    review.judge(2, {"emphysema"})
    other.judge(1, ())
    table = export_slices(review, scan(), tmp_path / "set", "patient-1")
    (row,) = read_slice_labels(table, DISEASES)
    row = replace(row, image=Path("images") / row.image.name, fold=3, licence="CC BY 4.0")
    write_slice_labels(table, [row], DISEASES, overwrite=True)
    export_slices(other, scan(), tmp_path / "set", "patient-1")
    review.judge(3, ())
    export_slices(review, scan(), tmp_path / "set", "patient-1", overwrite=True)
    rows = read_slice_labels(table, DISEASES)
    assert [(row.slice, row.fold, row.licence) for row in rows] == [
        (2, 3, "CC BY 4.0"),
        (3, 3, "CC BY 4.0"),
        (1, 3, ""),
    ]


def test_export_refused(tmp_path):
    review = opened(tmp_path / "review")
    with pytest.raises(InputError, match="no judged slice"):
        export_slices(review, scan(), tmp_path / "set", "patient-1")
    review.judge(2, ())
    with pytest.raises(InputError, match="pseudonym"):
        export_slices(review, scan(), tmp_path / "set", "John Doe")
    named = opened(tmp_path / "named", case=case_pseudonym(scan()))
    named.judge(2, ())
    with pytest.raises(InputError, match="not the reviewed scan: its voxels"):
        export_slices(named, scan() + 1, tmp_path / "set", "patient-1")
    assert not (tmp_path / "set").exists()


def test_a_table_of_another_hand(tmp_path):
    """Columns in another order, a mark of byte order, blanks, cells that say nothing, absolute paths."""
    table = tmp_path / "mine.csv"
    table.write_text(
        "\ufeffslice,image,scan,patient,licence,emphysema,ground_glass,fold\n"
        f"12, {tmp_path / 'a.nrrd'} ,S1,P1,,1,,2\n13,b.nrrd,S2,P1,CC BY 4.0,0,1,2\n",
        encoding="utf-8",
    )
    first, second = read_slice_labels(table, DISEASES)
    assert first == SliceLabels(
        "P1", "S1", tmp_path / "a.nrrd", 12, {"ground_glass": None, "emphysema": True}, 2
    )
    assert (second.image, second.licence, second.fold) == (tmp_path / "b.nrrd", "CC BY 4.0", 2)
    write_slice_labels(tmp_path / "again.csv", [second, first], DISEASES)
    assert read_slice_labels(tmp_path / "again.csv", DISEASES) == [first, second]


HEAD = "patient,scan,image,slice,ground_glass,emphysema\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("patient,scan,image,slice,ground_glass\nP,S,i,1,1\n", "lacks the column emphysema"),
        (HEAD.replace("\n", ",honeycombing\n") + "P,S,i,1,1,1,1\n", "honeycombing, which is no disease"),
        (HEAD, "no row"),
        (HEAD + "P,S,i,0,1,1\n", "line 2 has the slice '0'"),
        (HEAD + "P,S,i,1.5,1,1\n", "whole numbers"),
        (HEAD + "P,S,i,1,1,yes\n", "line 2 says 'yes' of emphysema"),
        (HEAD + "P,S,,1,1,1\n", "line 2 has no image"),
        (HEAD + "P,S,i,1,1,1\nP,S,i,1,1,0\n", "line 3 has slice 1 of S again"),
        (HEAD + "P,S,i,1,1,1\nQ,S,i,2,1,0\n", "line 3 gives the scan S another patient"),
        (HEAD + "P,S,i\n", "slice ''"),
        (HEAD.replace("\n", ",fold\n") + "P,S,i,1,1,1,x\n", "fold 'x'"),
        (HEAD.replace("\n", ",fold\n") + "P,S,i,1,1,1,0\nP,R,j,1,1,1,1\n", "line 3 puts the patient P into"),
        ("", "lacks the column"),
        (HEAD.replace(",", ";") + "P;S;i;1;1;1\n", "has semicolons between its cells"),
        (HEAD.replace(",", "\t") + "P\tS\ti\t1\t1\t1\n", "has tabs between its cells"),
        (HEAD + "\n\nP,S,i,x,1,1\n", "line 4 has the slice 'x'"),
        (HEAD + "P,S,i,1,1,1\n\nP,S,i,1,1,1\n", "line 4 has slice 1 of S again"),
        (HEAD + "P,S,i,1,1,1,0\n", "line 2 has more cells"),
        (HEAD.replace("\n", ",emphysema\n") + "P,S,i,1,1,1,0\n", "the column emphysema twice"),
        (HEAD + "P,S," + 140000 * "i" + ",1,1,1\n", "is no table"),
    ],
)
def test_bad_tables(tmp_path, text, words):
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(InputError, match=words):
        read_slice_labels(tmp_path / "bad.csv", DISEASES)


def test_no_table(tmp_path):
    (tmp_path / "latin.csv").write_bytes(HEAD.encode() + b"\xe4,S,i,1,1,1\n")
    for name in ("none.csv", "latin.csv"):
        with pytest.raises(InputError, match="cannot be read"):
            read_slice_labels(tmp_path / name, DISEASES)


def test_no_table_is_changed_while_another_export_changes_it(tmp_path):
    review = opened(tmp_path / "review")
    review.judge(2, ())
    (tmp_path / "set").mkdir()
    with sole_use(tmp_path / "set"), pytest.raises(InputError, match="being written to by another run"):
        export_slices(review, scan(), tmp_path / "set", "patient-1")
    assert list((tmp_path / "set").iterdir()) == []
    assert export_slices(review, scan(), tmp_path / "set", "patient-1").is_file()
