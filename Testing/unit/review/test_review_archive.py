"""A review comes back from the texts that a scene carries."""

from __future__ import annotations

import _pyio
import io
import os
import shutil

import numpy as np
import pytest

from LungCAD.errors import InputError
from LungCAD.review import Decision, Review, ledger_text, restore, voxels_text
from LungCAD.review.method_folder import folder_name


@pytest.fixture
def texts(review):
    labels = review.state.masks.labels.copy()
    labels[4, 5, 5] = 0
    review.edit(labels)
    review.decide(3, Decision.ACCEPT)
    return ledger_text(review), voxels_text(review)


def test_a_lost_folder_comes_back_whole(review, texts):
    shutil.rmtree(review.folder)
    assert restore(*texts, review.folder) == review.folder
    found = Review.resume(review.folder, "AB")
    assert found.entries == review.entries
    assert np.array_equal(found.state.masks.labels, review.state.masks.labels)
    assert found.state.accepted == (3,)


def test_a_review_comes_back_where_lines_end_otherwise(review, texts, monkeypatch):
    """On Windows; each line of the ledger names the bytes of the one before."""
    shutil.rmtree(review.folder)
    with monkeypatch.context() as windows:
        windows.setattr(io, "open", _pyio.open)
        windows.setattr(os, "linesep", "\r\n")
        restore(*texts, review.folder)
    assert Review.resume(review.folder, "AB").entries == review.entries


def test_the_folder_is_the_truth_where_it_is_further(review, texts):
    review.decide(4, Decision.REJECT)
    assert restore(*texts, review.folder) == review.folder
    assert Review.resume(review.folder, "AB").entries == review.entries


def test_the_scene_is_where_the_folder_is_behind(review, texts):
    ledger = review.folder / "ledger.jsonl"
    lines = ledger.read_text(encoding="utf-8").splitlines(keepends=True)
    ledger.write_text("".join(lines[:2]))
    restore(*texts, review.folder)
    assert ledger.read_text(encoding="utf-8") == texts[0]


def test_another_review_of_the_case_is_left_alone(review, texts, make_result, tmp_path):
    other = make_result(1).begin(tmp_path / "other")
    place = restore(*texts, other.folder)
    assert place == tmp_path / "other.copy2"
    assert Review.resume(place, "AB").entries == review.entries
    assert Review.resume(other.folder, "AB").entries == other.entries
    assert restore(*texts, other.folder) == place, "not a third one"


def test_no_review_takes_the_folder_of_another_reader(review, texts, make_result, tmp_path):
    """A copy that an earlier version put there, under a name with a hyphen, is gone on with."""
    other = make_result(1).begin(tmp_path / "ab")
    assert restore(*texts, other.folder).name != folder_name("AB 2")
    earlier = tmp_path / "earlier" / "ab"
    shutil.copytree(other.folder, earlier)
    shutil.copytree(review.folder, earlier.with_name("ab-2"))
    assert restore(*texts, earlier) == earlier.with_name("ab-2")
    shutil.rmtree(earlier.with_name("ab-2"))
    shutil.copytree(make_result(2).begin(tmp_path / "other").folder, earlier.with_name("ab-2"))
    assert restore(*texts, earlier) == earlier.with_name("ab.copy2")


def test_damaged_texts_are_refused(texts, tmp_path):
    ledger, voxels = texts
    for damaged in (voxels[:70] + "AAAA" + voxels[74:], voxels[:71]):
        with pytest.raises(InputError, match=r"The review in the scene: is damaged"):
            restore(ledger, damaged, tmp_path / "new")
    with pytest.raises(InputError, match=r"The review in the scene: was altered: line 2"):
        restore("".join(ledger.splitlines(keepends=True)[::2]), voxels, tmp_path / "new")
    assert not (tmp_path / "new" / "ledger.jsonl").exists()
