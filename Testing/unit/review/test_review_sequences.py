"""Whatever the order of propagating, editing, undoing and judging: drawn stays, and the ledger has it all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import SimpleITK as sitk

from LungCAD.labels import ACCEPTED, BACKGROUND, UNTOUCHED, Provenance
from LungCAD.review import Decision, Facts, Review
from LungCAD.tasks.label_propagation import LabelPropagation, LabelPropagationParameters

HEALTHY, EMPHYSEMA, GROUND_GLASS, FIBROSIS = 1, 2, 3, 4
FACTS = Facts("gao5", (1, 2, 3, 4, 5), 0.001, {})


def kept_labels(constraints):
    return np.where(constraints >= ACCEPTED, constraints - ACCEPTED, constraints)


@dataclass
class Invented:
    """A propagation that invents labels, but keeps what it is told to keep."""

    rng: np.random.Generator
    drawn: np.ndarray
    lungs: np.ndarray

    def __call__(self, constraints):
        given = np.where(self.drawn > 0, self.drawn, kept_labels(constraints))
        labels = np.where(self.lungs > 0, self.rng.integers(1, 4, self.lungs.shape), 0)
        provenance = np.where(self.lungs > 0, Provenance.PROPAGATED, Provenance.NONE)
        provenance[constraints != UNTOUCHED] = Provenance.CORRECTED
        provenance[self.drawn > 0] = Provenance.DRAWN
        return np.where(given != UNTOUCHED, given, labels), provenance


class Propagated:
    """The real one."""

    def __init__(self, scan, drawn):
        self.scan = scan
        self.session = LabelPropagation(scan.inputs(drawn), LabelPropagationParameters(stride=4))
        self.session.solve()

    def __call__(self, constraints):
        result = self.session.update(self.scan.image(constraints))
        return sitk.GetArrayFromImage(result.labels), sitk.GetArrayFromImage(result.provenance)


class Reader:
    """Does random things, with the undo history of an editor, and knows what must come of them."""

    def __init__(self, folder, rng, drawn, lungs, propagate):
        self.rng, self.drawn, self.lungs, self.propagate = rng, drawn, lungs, propagate
        self.start = propagate(np.full(drawn.shape, UNTOUCHED, np.int16))
        self.review = Review.begin(folder, *self.start, FACTS, case="case-1", reviewer="AB")
        self.history = [self.review.state.masks.labels]
        self.position = 0
        self.touched = np.zeros(drawn.shape, bool)

    def act(self):
        acts = (
            self.paint,
            self.paint,
            self.repropagate,
            self.undo,
            self.undo,
            self.redo,
            self.judge,
            self.apply,
        )
        acts[self.rng.integers(len(acts))]()
        self.check()

    def paint(self):
        z, y, x = (self.rng.integers(size) for size in self.drawn.shape)
        height, width = self.rng.integers(1, 14, 2)
        labels = self.review.state.masks.labels.copy()
        before = labels.copy()
        place = (z, slice(y, y + height), slice(x, x + width))
        labels[place] = self.rng.choice([BACKGROUND, HEALTHY, EMPHYSEMA, GROUND_GLASS, FIBROSIS])
        self.expect(self.review.edit(labels).labels, np.where(self.drawn > 0, before, labels))
        self.remember()

    def undo(self):
        self.position = max(self.position - 1, 0)
        self.expect(self.review.edit(self.history[self.position]).labels, self.history[self.position])

    def redo(self):
        self.position = min(self.position + 1, len(self.history) - 1)
        self.expect(self.review.edit(self.history[self.position]).labels, self.history[self.position])

    def repropagate(self):
        constraints = self.review.state.constraints
        accepted = self.review.state.accepted
        self.review.propagated(*self.propagate(constraints), FACTS)
        kept = (constraints != UNTOUCHED) & (self.drawn == 0)
        self.expect(self.review.state.masks.labels[kept], kept_labels(constraints)[kept])
        assert self.review.state.accepted == accepted, "what was accepted stays accepted"
        self.remember()

    def apply(self):
        """Propagate afresh: corrections are forgotten."""
        self.review.propagated(*self.start, FACTS)
        self.remember()

    def judge(self):
        self.review.decide(int(self.rng.integers(len(self.drawn))), list(Decision)[self.rng.integers(3)])

    def remember(self):
        self.history[self.position + 1 :] = [self.review.state.masks.labels]
        self.position += 1

    def check(self):
        mine, theirs = self.review.state, Review.resume(self.review.folder, "AB").state
        drawn = self.drawn > 0
        assert (mine.masks.labels[drawn] == self.drawn[drawn]).all()
        assert ((mine.masks.provenance == Provenance.DRAWN) == drawn).all()
        corrected = mine.masks.provenance == Provenance.CORRECTED
        assert np.array_equal(
            mine.masks.corrections, np.where(corrected, mine.masks.labels.astype(int), UNTOUCHED)
        )
        assert not corrected[drawn].any()
        for name in ("labels", "provenance", "corrections", "slice_digests", "slice_voxels"):
            self.expect(getattr(mine.masks, name), getattr(theirs.masks, name))
        assert mine.judgements == theirs.judgements

    @staticmethod
    def expect(found, expected):
        assert np.array_equal(found, expected)


def regions(rng, truth):
    """Boxes, right or wrong, inside the lung or not; at least two classes of them inside."""
    drawn = np.zeros_like(truth)
    for place in ((0, 20, 22), (0, 20, 66), (0, 48, 22), (0, 48, 66)):
        box = (rng.integers(len(truth)), *(slice(at, at + rng.integers(4, 9)) for at in place[1:]))
        drawn[box] = truth[place]
    stray = tuple(slice(at, at + 3) for at in rng.integers(0, 70, 2))
    drawn[(0, *stray)] = GROUND_GLASS
    return drawn


def sequence(folder, seed, small_scan, propagation, acts):
    rng = np.random.default_rng(seed)
    scan = small_scan(int(rng.integers(1, 4)), seed=seed)
    drawn = regions(rng, scan.truth)
    reader = Reader(folder, rng, drawn, scan.lungs, propagation(rng, scan, drawn))
    for _ in range(acts):
        reader.act()


def invented(rng, scan, drawn):
    return Invented(rng, drawn, scan.lungs)


def propagated(rng, scan, drawn):
    return Propagated(scan, drawn)


@pytest.mark.parametrize("decade", range(20))
def test_any_sequence_replays_exactly(tmp_path, small_scan, decade):
    for seed in range(10 * decade, 10 * decade + 10):
        sequence(tmp_path / str(seed), seed, small_scan, invented, acts=8)


@pytest.mark.parametrize("seed", range(8))
def test_any_sequence_of_real_propagations_replays_exactly(tmp_path, small_scan, seed):
    sequence(tmp_path / "review", seed, small_scan, propagated, acts=8)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8, 200))
def test_two_hundred_sequences_of_real_propagations(tmp_path, small_scan, seed):
    sequence(tmp_path / "review", seed, small_scan, propagated, acts=8)
