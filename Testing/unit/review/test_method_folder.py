"""Reviews of two methods on one scan lie apart, and those of earlier versions open where they are."""

from __future__ import annotations

import pytest

from LungCAD.review import Decision, Review
from LungCAD.review.method_folder import find_review, is_review, separate_review

CRF, ILD = "label propagation", "ILD segmentation, lungnet-six"


@pytest.fixture
def begin(make_result):
    """Begin a review, or take another result under it."""

    def begin(folder, model, seed=0):
        result = make_result(seed)
        arrays = result.labels, result.provenance, result.facts
        if not is_review(folder):
            return Review.begin(folder, *arrays, case="case-1", reviewer="AB", model=model)
        review = Review.resume(folder, "AB")
        review.propagated(*arrays, model=model)
        return review

    return begin


@pytest.mark.parametrize(("first", "second"), [(CRF, ILD), (ILD, CRF)])
def test_the_first_lies_in_the_readers_folder_the_second_in_it(tmp_path, begin, first, second):
    reader = tmp_path / "case-1" / "ab"
    assert separate_review(reader, first) == reader
    one = begin(separate_review(reader, first), first)
    one.decide(2, Decision.ACCEPT)
    other = begin(separate_review(reader, second), second)
    other.decide(3, Decision.REJECT)
    assert separate_review(reader, first) == one.folder == reader
    assert separate_review(reader, second) == other.folder
    assert other.folder.parent == reader
    assert separate_review(reader, "ILD segmentation, lungnet-gao") == separate_review(reader, ILD)
    assert Review.resume(find_review(reader, first), "AB").state.accepted == (2,)
    assert Review.resume(find_review(reader, second), "AB").state.accepted == ()


def test_a_review_that_does_not_say_of_which_method_belongs_to_any(tmp_path, begin):
    begin(tmp_path, "")
    assert separate_review(tmp_path, CRF) == separate_review(tmp_path, ILD) == tmp_path


def test_who_does_not_say_which_gets_the_only_one(tmp_path, begin):
    assert find_review(tmp_path, "") == tmp_path
    below = begin(tmp_path / "label-propagation", CRF)
    assert find_review(tmp_path, "") == below.folder
    begin(tmp_path, ILD)
    assert find_review(tmp_path, "") == tmp_path


def test_methods_that_an_earlier_version_mixed_go_on_apart(tmp_path, begin):
    begin(tmp_path, CRF).decide(2, Decision.ACCEPT)
    mixed = begin(tmp_path, ILD, seed=1)
    mixed.comment(1, "of both")
    assert find_review(tmp_path, CRF) != find_review(tmp_path, ILD)
    assert not is_review(find_review(tmp_path, CRF))  # to look does not write
    folders = [separate_review(tmp_path, model) for model in (CRF, ILD)]
    for folder in folders:
        assert Review.resume(folder, "AB").entries == mixed.entries
    begin(folders[0], CRF)
    assert Review.resume(folders[1], "AB").entries == mixed.entries
    assert Review.resume(tmp_path, "AB").entries == mixed.entries
    assert [separate_review(tmp_path, model) for model in (CRF, ILD)] == folders
