"""What a reader does, what the review makes of it, and that it is all there again afterwards."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

from LungCAD.errors import InputError
from LungCAD.labels import ACCEPTED, UNTOUCHED, Provenance
from LungCAD.review import Decision, Kind, Review


def again(review):
    """The review as another process would open it: must be what this process has."""
    resumed = Review.resume(review.folder, "CD")
    mine, theirs = review.state, resumed.state
    for name in ("result", "result_provenance", "labels"):
        assert np.array_equal(getattr(mine.masks, name), getattr(theirs.masks, name))
    assert mine.masks.slice_digests == theirs.masks.slice_digests
    assert mine.masks.slice_voxels == theirs.masks.slice_voxels
    assert mine.judgements == theirs.judgements
    assert mine.comments == theirs.comments
    assert mine.propagation == theirs.propagation
    assert review.entries == resumed.entries
    assert review.state.accepted == resumed.state.accepted
    assert np.array_equal(review.state.constraints, resumed.state.constraints)
    return resumed


def painted(review, place, value):
    labels = review.state.masks.labels.copy()
    labels[place] = value
    return labels


def test_every_act_is_a_line_that_says_who_when_and_what(review):
    review.decide(3, Decision.ACCEPT)
    review.comment(4, "Motion artefact? “Größe”")
    review.edit(painted(review, (4, 5, 5), 0))
    lines = [json.loads(line) for line in (review.folder / "ledger.jsonl").read_text("utf-8").splitlines()]
    assert [line["kind"] for line in lines] == ["propagate", "decision", "comment", "edit"]
    for number, line in enumerate(lines, 1):
        assert line["number"] == number
        assert line["reviewer"] == "AB"
        assert line["case"] == "case-1"
        assert line["model"] == "m"
        when = datetime.fromisoformat(line["when"])
        assert when.utcoffset() == timedelta(0)
        assert abs(datetime.now(timezone.utc) - when) < timedelta(minutes=5)
    assert lines[1]["decision"] == "accept"
    assert lines[1]["slice"] == 3
    assert lines[2]["text"] == "Motion artefact? “Größe”"
    assert lines[2]["mask"] == lines[0]["mask"] != lines[3]["mask"] == review.state.masks.digest
    again(review)


def test_an_edit_is_a_correction_and_its_undo_leaves_no_trace(review, result):
    place = (4, slice(4, 7), slice(4, 9))
    before = review.state.masks.labels.copy()
    edit = review.edit(painted(review, place, 3))
    changed = np.zeros(before.shape, bool)
    changed[place] = before[place] != 3
    assert edit.changed == changed.sum()
    assert np.array_equal(review.state.masks.provenance == Provenance.CORRECTED, changed)
    assert np.array_equal(review.state.masks.corrections, np.where(changed, 3, UNTOUCHED))
    again(review)
    review.edit(before)
    assert np.array_equal(review.state.masks.provenance, result.provenance)
    assert (review.state.masks.corrections == UNTOUCHED).all()
    again(review)


def test_erasing_is_a_correction_to_nothing(review):
    review.edit(painted(review, (4, 5, 5), 0))
    assert review.state.masks.corrections[4, 5, 5] == 0
    assert review.state.masks.provenance[4, 5, 5] == Provenance.CORRECTED


def test_what_was_drawn_is_put_back(review, result):
    drawn = result.provenance == Provenance.DRAWN
    labels = painted(review, drawn, 0)
    labels[2, 3:5, 6:8] = 0
    edit = review.edit(labels)
    assert (edit.changed, edit.drawn) == (4, drawn.sum())
    assert np.array_equal(edit.labels[drawn], result.labels[drawn])
    assert np.array_equal(edit.labels, again(review).state.masks.labels)
    entries = len(review.entries)
    assert review.edit(painted(review, drawn, 0)).changed == 0
    assert len(review.entries) == entries


def test_an_edit_opens_a_slice_again_that_was_judged(review):
    for number in (3, 4):
        review.decide(number, Decision.ACCEPT)
    before = review.state.masks.labels
    review.edit(painted(review, (4, 5, 5), 0))
    assert review.state.accepted == (3,)
    assert review.state.decision(4) is None
    again(review)
    review.edit(before)
    assert review.state.accepted == (3, 4), "it is what was accepted once more"


def test_corrections_and_accepted_slices_bind_the_next_propagation(review, result, make_result):
    review.edit(painted(review, (5, 5, 5), 0))
    review.decide(3, Decision.ACCEPT)
    constraints = review.state.constraints
    assert constraints[5, 5, 5] == 0
    assert (constraints >= 0).sum() == 1 + (result.provenance[3] > 0).sum()
    seen = result.provenance[3] > 0
    assert (constraints[3][seen] == ACCEPTED + review.state.masks.labels[3][seen].astype(int)).all()
    other = make_result(1)
    kept = np.where(constraints >= ACCEPTED, constraints - ACCEPTED, constraints)
    other.labels = np.where(constraints >= 0, kept, other.labels).astype(np.uint8)
    other.provenance[constraints >= 0] = Provenance.CORRECTED
    review.propagated(other.labels, other.provenance, other.facts)
    assert review.state.accepted == (3,)
    assert np.array_equal(review.state.masks.provenance[3], result.provenance[3])
    assert review.state.masks.corrections[5, 5, 5] == 0
    again(review)


def test_a_propagation_that_is_undone_is_not_taken_for_corrections(review, make_result):
    first = review.state.masks.labels
    review.edit(painted(review, (4, 5, 5), 0))
    edited = review.state.masks
    other = make_result(1)
    review.propagated(other.labels, other.provenance, other.facts)
    after = review.state.masks
    review.edit(edited.labels)
    assert review.entries[-1].kind is Kind.REVERT
    assert np.array_equal(review.state.masks.provenance, edited.provenance)
    review.edit(first)
    assert (review.state.masks.corrections == UNTOUCHED).all()
    review.edit(after.labels)  # redo
    assert np.array_equal(review.state.masks.provenance, after.provenance)
    review.edit(painted(review, (3, 3, 3), 0))
    again(review)


def test_an_undone_propagation_brings_back_the_regions_it_was_made_from(review, make_result):
    first = review.state.masks.labels
    other = make_result(1)
    other.provenance[5, 5:7, 5:7] = Provenance.DRAWN
    review.propagated(other.labels, other.provenance, other.facts)
    assert review.edit(first).drawn == 0
    assert np.array_equal(review.state.masks.labels, first)


def test_facts_belong_to_the_result_under_review(review, result, make_result):
    other = make_result(1)
    facts = other.facts
    facts.scores["disagreement"] = (0.0,) * 6
    review.propagated(other.labels, other.provenance, facts)
    assert "disagreement" in again(review).facts.scores
    review.edit(result.labels)
    assert "disagreement" not in again(review).facts.scores


def test_another_reader_goes_on(review):
    resumed = again(review)
    assert review.is_current
    resumed.decide(4, Decision.REJECT)
    assert (resumed.is_current, review.is_current) == (True, False)
    assert [entry.reviewer for entry in again(resumed).entries] == ["AB", "CD"]
    with pytest.raises(InputError, match="changed by another program"):
        review.decide(3, Decision.ACCEPT)
    assert again(resumed).state.decision(3) is None


def test_what_is_no_act_is_refused(review, result, tmp_path):
    with pytest.raises(ValueError, match="slices are 0 to 5"):
        review.decide(6, Decision.ACCEPT)
    with pytest.raises(ValueError, match=r"holds \[9\]"):
        review.edit(painted(review, (4, 5, 5), 9))
    with pytest.raises(ValueError, match="shape"):
        review.edit(np.zeros((1, 2, 3), np.uint8))
    with pytest.raises(InputError, match="holds a review already"):
        result.begin(review.folder)
    with pytest.raises(InputError, match="holds no review"):
        Review.resume(tmp_path, "AB")
    assert len(review.entries) == 1
    again(review)


def test_what_was_corrected_in_an_accepted_slice_stays_a_correction(review):
    review.edit(painted(review, (3, 5, 5), 0))
    review.decide(3, Decision.ACCEPT)
    constraints = review.state.constraints
    assert constraints[3, 5, 5] == 0
    assert (constraints[3][constraints[3] != UNTOUCHED] >= ACCEPTED).sum() == (
        constraints[3] != UNTOUCHED
    ).sum() - 1
