"""Correct and propagate again: what must hold after any number of rounds."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.ndimage import distance_transform_edt

from LungCAD.errors import Cancelled, InputError
from LungCAD.images import image_like
from LungCAD.labels import ACCEPTED, UNTOUCHED, Provenance
from LungCAD.phantom.reader import draw_rois
from LungCAD.phantom.study import StudyParameters, make_study
from LungCAD.tasks.label_propagation import (
    LabelPropagation,
    LabelPropagationInputs,
    LabelPropagationParameters,
    run,
)

HEALTHY, EMPHYSEMA, GROUND_GLASS, FIBROSIS = 1, 2, 3, 4
SPARSE = ((0, 20, 22), (1, 20, 66), (1, 48, 22), (0, 44, 22), (1, 48, 66), (0, 44, 66))
FLIPPED = ((-1, 0, 0, 0, 1, 0, 0, 0, -1), (0.7, 1.1, 2.0))
EVERYTHING = LabelPropagationParameters(undecided=False)


def array(image):
    return sitk.GetArrayFromImage(image)


class Round:
    """A session of a small scan, its drawn regions and the corrections so far."""

    def __init__(self, scan, parameters=EVERYTHING):
        self.scan, self.rois = scan, scan.rois(*SPARSE)
        self.session = LabelPropagation(scan.inputs(self.rois), parameters)
        self.corrections = np.full(scan.truth.shape, UNTOUCHED, np.int16)

    def update(self, **more):
        return self.session.update(self.scan.image(self.corrections), **more)


@pytest.fixture(params=["axial", "flipped"])
def round_(request, small_scan):
    return Round(small_scan(3, *(FLIPPED if request.param == "flipped" else ())))


def test_a_first_solution_is_what_one_call_gives(round_):
    session, once = round_.session.solve(), run(round_.scan.inputs(round_.rois), EVERYTHING)
    for name in ("labels", "unary_labels", "probabilities", "uncertainty", "provenance", "lungs", "zones"):
        assert np.array_equal(array(getattr(session, name)), array(getattr(once, name)))


def test_corrections_hold_spread_and_say_where_they_come_from(round_):
    first = round_.session.solve()
    before = array(first.labels)
    place = (2, slice(24, 34), slice(60, 80))
    assert (before[place] == HEALTHY).mean() > 0.9
    round_.corrections[place] = GROUND_GLASS
    result = round_.update()
    labels, provenance = array(result.labels), array(result.provenance)
    assert (labels[place] == GROUND_GLASS).all()
    assert (provenance[place] == Provenance.CORRECTED).all()
    assert (labels[round_.rois > 0] == round_.rois[round_.rois > 0]).all()
    assert ((provenance == Provenance.DRAWN) == (round_.rois > 0)).all()
    moved = np.abs(array(result.probabilities) - array(first.probabilities)).max(-1)
    assert moved[round_.corrections == UNTOUCHED].max() > 0.01, "a correction is a constraint, not a patch"
    assert array(result.uncertainty)[place].max() == 0
    assert result.labels.GetDirection() == round_.scan.image(before).GetDirection()


def test_an_undone_correction_leaves_no_trace(round_):
    before = round_.session.solve()
    round_.corrections[2, 24:34, 60:80] = GROUND_GLASS
    round_.update()
    round_.corrections[:] = UNTOUCHED
    after = round_.update()
    assert (array(after.labels) == array(before.labels)).mean() > 0.999
    assert np.abs(array(after.probabilities) - array(before.probabilities)).max() < 0.02
    assert not (array(after.provenance) == Provenance.CORRECTED).any()


def test_erased_voxels_stay_empty(round_):
    before = round_.session.solve()
    place = (1, slice(30, 40), slice(20, 30))
    round_.corrections[place] = 0
    result = round_.update()
    assert array(before.labels)[place].all()
    assert not array(result.labels)[place].any()
    assert not array(result.probabilities)[place].any()
    assert (array(result.provenance)[place] == Provenance.CORRECTED).all()
    assert array(result.lungs)[place].all()
    round_.corrections[place] = UNTOUCHED
    assert (array(round_.update().labels)[place] == array(before.labels)[place]).mean() > 0.95


def test_drawn_regions_win_over_corrections_with_a_warning(round_):
    round_.session.solve()
    round_.corrections[round_.rois == EMPHYSEMA] = 0
    round_.corrections[round_.rois == HEALTHY] = GROUND_GLASS
    result = round_.update()
    drawn = round_.rois > 0
    assert (array(result.labels)[drawn] == round_.rois[drawn]).all()
    assert any("drawn regions" in warning for warning in result.warnings)
    round_.corrections[drawn] = round_.rois[drawn]
    assert not any("drawn regions" in warning for warning in round_.update().warnings)


def test_a_class_that_nobody_drew_is_learned_from_its_correction(small_scan):
    scan = small_scan(3)
    scan.hu[:, 50:, :48][scan.lungs[:, 50:, :48] > 0] = 20
    round_ = Round(scan)
    round_.rois[:, 50:, :48] = 0
    round_.session = LabelPropagation(scan.inputs(round_.rois), EVERYTHING)
    assert round_.session.solve().classes == (HEALTHY, EMPHYSEMA, GROUND_GLASS)
    round_.corrections[1, 53:61, 22:30] = FIBROSIS
    result = round_.update()
    dense = (scan.hu > -100) & (scan.lungs > 0)
    assert result.classes == (HEALTHY, EMPHYSEMA, GROUND_GLASS, FIBROSIS)
    found = array(result.labels) == FIBROSIS
    assert found[dense & (round_.corrections == UNTOUCHED)].mean() > 0.6
    assert not found[~dense].any()
    round_.corrections[:] = UNTOUCHED
    assert round_.update().classes == (HEALTHY, EMPHYSEMA, GROUND_GLASS)


def test_corrections_outside_the_lung_and_its_neighbourhood_are_kept(small_scan):
    round_ = Round(small_scan(3))
    round_.scan.lungs[2] = 0
    round_.session = LabelPropagation(round_.scan.inputs(round_.rois), EVERYTHING)
    round_.session.solve()
    round_.corrections[2, 30, 20] = FIBROSIS  # a slice without lung
    round_.corrections[2, 30, 75] = HEALTHY
    round_.corrections[0, 0, 0] = 0
    result = round_.update()
    labels, lungs = array(result.labels), array(result.lungs)
    assert (labels[2, 30, 20], labels[2, 30, 75]) == (FIBROSIS, HEALTHY)
    assert (lungs[2, 30, 20], lungs[2, 30, 75], lungs[0, 0, 0]) == (1, 2, 0)
    assert result.measurements.share("both_lungs", "fibrosis").volume_ml > 0
    assert array(round_.scan.image(lungs)).sum() == (round_.scan.lungs.sum() + 3)


def test_a_cancelled_update_changes_nothing(round_):
    round_.session.solve()
    round_.corrections[2, 24:34, 60:80] = GROUND_GLASS
    expected = array(Round.update(round_).labels)
    round_.corrections[1, 24:34, 60:80] = FIBROSIS

    def stop(fraction, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        round_.update(progress=stop)
    round_.corrections[1] = UNTOUCHED
    assert (array(round_.update().labels) == expected).mean() > 0.999


def test_progress_of_an_update_only_rises(round_):
    round_.session.solve()
    seen = []
    round_.update(progress=lambda fraction, message: seen.append(fraction))
    assert seen == sorted(seen)
    assert seen[-1] == 1


def test_bad_corrections_are_named(small_scan):
    round_ = Round(small_scan(2))
    with pytest.raises(ValueError, match=r"corrections: .*solve"):
        round_.update()
    round_.session.solve()
    round_.corrections[0, 0, 0] = 77
    with pytest.raises(InputError, match=r"corrections: hold the values \[77\]"):
        round_.update()
    round_.corrections[0, 0, 0] = UNTOUCHED
    moved = round_.scan.image(round_.corrections)
    moved.SetOrigin((0, 0, 0))
    with pytest.raises(InputError, match="corrections: lie on another grid"):
        round_.session.update(moved)


def test_a_network_alone_is_corrected_too(small_scan):
    scan = small_scan(2)
    values = np.full((*scan.truth.shape, 5), 0.05, np.float32)
    values[..., 0] = 0.8
    inputs = scan.inputs(scan.rois(*SPARSE), network_probabilities=values)
    session = LabelPropagation(inputs, LabelPropagationParameters(unary="network"))
    session.solve()
    corrections = np.full(scan.truth.shape, UNTOUCHED, np.int16)
    corrections[1, 30:40, 20:30] = FIBROSIS
    result = session.update(scan.image(corrections))
    assert (array(result.labels)[1, 30:40, 20:30] == FIBROSIS).all()
    provenance = array(result.provenance)
    assert set(np.unique(provenance)) == {
        Provenance.NONE,
        Provenance.DRAWN,
        Provenance.MODEL,
        Provenance.CORRECTED,
    }


def test_what_was_accepted_is_kept_but_teaches_nothing(round_):
    before = round_.session.solve()
    labels = array(before.labels)
    place = (2, slice(24, 34), slice(60, 80))
    assert (labels[place] == HEALTHY).mean() > 0.9
    round_.corrections[place] = ACCEPTED + GROUND_GLASS
    round_.corrections[1, 30:40, 20:30] = ACCEPTED  # undecided, and accepted as that
    result = round_.update()
    found, provenance = array(result.labels), array(result.provenance)
    free = (round_.corrections == UNTOUCHED) & (round_.rois == 0)
    assert (found[place] == GROUND_GLASS).all()
    assert (provenance[place] == Provenance.PROPAGATED).all()
    assert (found[1, 30:40, 20:30] == 0).all()
    assert (provenance[1, 30:40, 20:30] == Provenance.UNDECIDED).all()
    assert (array(result.unary_labels)[free] == array(before.unary_labels)[free]).all()
    round_.corrections[place] = GROUND_GLASS
    taught = array(round_.update().unary_labels)
    assert (taught[free] != array(before.unary_labels)[free]).any()


def test_the_order_of_rounds_does_not_matter(round_):
    round_.session.solve()
    round_.corrections[2, 24:34, 60:80] = GROUND_GLASS
    round_.update()
    round_.corrections[1, 24:34, 60:80] = GROUND_GLASS
    in_two = round_.update()
    again = Round(round_.scan)
    again.session.solve()
    again.corrections[:] = round_.corrections
    assert (array(again.update().labels) == array(in_two.labels)).all()


def test_expected_change_is_highest_where_nobody_said_anything(round_):
    with pytest.raises(ValueError, match="call solve first"):
        round_.session.expected_change()
    round_.session.solve()
    change = array(round_.session.expected_change())
    assert change.dtype == np.float32
    assert change.max() == 1
    assert change.min() == 0
    assert not change[(round_.rois > 0) | (round_.scan.lungs == 0)].any()
    place = np.unravel_index(change.argmax(), change.shape)
    round_.corrections[place] = HEALTHY
    round_.update()
    assert array(round_.session.expected_change())[place] == 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2004, 2007])
def test_one_correcting_stroke_helps_far_beyond_itself(seed):
    """A stroke of 14 px in the largest wrongly labelled place of a phantom."""
    study = make_study(StudyParameters(seed=seed))
    rois = draw_rois(study.labels, study.lungs, seed)
    session = LabelPropagation(LabelPropagationInputs(study.ct, rois, study.lungs))
    first = array(session.solve().labels)
    truth, lung, drawn = array(study.labels), array(study.lungs) > 0, array(rois)
    stroke, value = correcting_stroke(first, truth, lung & (drawn == 0))
    corrections = np.where(stroke, value, UNTOUCHED).astype(np.int16)
    second = array(session.update(image_like(corrections, study.ct)).labels)
    assert (second[stroke] == value).all()
    assert (second[drawn > 0] == drawn[drawn > 0]).all()
    distance = distance_transform_edt(~stroke, sampling=study.ct.GetSpacing()[::-1])
    free = lung & (drawn == 0) & ~stroke
    for place, most_left in ((free & (distance < 30), 0.7), (free & (distance >= 30), 1.05)):
        assert (second != truth)[place].mean() < most_left * (first != truth)[place].mean()


def correcting_stroke(labels, truth, free):
    """Return where a reader corrects, and to what: within the widest wrong place, on one slice."""
    wrong = free & (labels != truth)
    places = []
    for value in np.unique(truth[free]):
        for z in np.flatnonzero((wrong & (truth == value)).any((1, 2))):
            depth = distance_transform_edt((wrong & (truth == value))[z])
            places.append((depth.max(), int(value), z, np.unravel_index(depth.argmax(), depth.shape)))
    _, value, z, (y, x) = max(places)
    rows, columns = np.ogrid[: truth.shape[1], : truth.shape[2]]
    stroke = np.zeros(truth.shape, bool)
    stroke[z] = ((rows - y) ** 2 + (columns - x) ** 2 <= 7**2) & (truth[z] == value) & free[z]
    return stroke, value
