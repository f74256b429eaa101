"""How propagated labels are scored against the truth. Arrays are (z, y, x); label 0 is no label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

CLEARANCE_PX = 5.0
"""Pixels this near to a drawing, within the slice, are too easy to be scored."""

CONFIDENCE_EDGES = np.concatenate([[0.0], 1 - np.logspace(-0.05, -7, 700)])
"""Lower edges of the confidence bins, finest near 1 where posteriors crowd."""


def scoreable(rois: np.ndarray, lungs: np.ndarray, clearance_px: float = CLEARANCE_PX) -> np.ndarray:
    """Return where in the lung nothing is drawn within `clearance_px` pixels of the same slice (bool)."""
    far = lungs > 0
    for z in np.flatnonzero((rois > 0).any((1, 2))):
        far[z] &= ndimage.distance_transform_edt(rois[z] == 0) > clearance_px
    return far


def recalls(truth: np.ndarray, predicted: np.ndarray) -> dict[int, float]:
    """Return, for each class of `truth` (1-D, > 0 throughout), the part of it that was predicted."""
    found = np.bincount(truth[truth == predicted], minlength=int(truth.max(initial=0)) + 1)
    present = np.bincount(truth, minlength=len(found))
    return {int(c): float(found[c] / present[c]) for c in np.flatnonzero(present)}


def balanced_accuracy(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Return the mean of `recalls`: every class weighs the same. NaN where there is nothing to score."""
    values = list(recalls(truth, predicted).values())
    return float(np.mean(values)) if values else float("nan")


@dataclass(frozen=True)
class ConfidenceCounts:
    """Automatic labels counted by confidence.

    labelled, correct : voxels per bin of confidence, and those of them that are right.
    undrawn, drawn : voxels of the lung that were left to the method, and that were drawn.
    """

    labelled: np.ndarray
    correct: np.ndarray
    undrawn: int
    drawn: int

    @classmethod
    def count(
        cls, truth: np.ndarray, predicted: np.ndarray, confidence: np.ndarray, rois: np.ndarray
    ) -> ConfidenceCounts:
        """Count the undrawn voxels of the lung, where `truth` > 0; all arguments (z, y, x)."""
        undrawn = (truth > 0) & (rois == 0)
        labelled = undrawn & (predicted > 0)
        bins = np.searchsorted(CONFIDENCE_EDGES, confidence[labelled], side="right") - 1
        right = truth[labelled] == predicted[labelled]
        return cls(
            np.bincount(bins, minlength=len(CONFIDENCE_EDGES)),
            np.bincount(bins[right], minlength=len(CONFIDENCE_EDGES)),
            int(np.count_nonzero(undrawn)),
            int(np.count_nonzero(rois)),
        )

    def __add__(self, other: ConfidenceCounts) -> ConfidenceCounts:
        return ConfidenceCounts(
            self.labelled + other.labelled,
            self.correct + other.correct,
            self.undrawn + other.undrawn,
            self.drawn + other.drawn,
        )

    def expansion(self, tau: float) -> float:
        """Return labelled voxels of confidence >= tau over drawn voxels; tau is one of CONFIDENCE_EDGES."""
        return float(self.labelled[tau <= CONFIDENCE_EDGES].sum() / self.drawn)

    def accuracy(self, tau: float) -> float:
        """Return the part of the labels of confidence >= tau that is right; NaN where there are none."""
        sure = tau <= CONFIDENCE_EDGES
        labelled = self.labelled[sure].sum()
        return float(self.correct[sure].sum() / labelled) if labelled else float("nan")

    def threshold(self, accuracy: float) -> float:
        """Return the lowest confidence from which on `accuracy` of the labels are right; 1 if none is."""
        for tau in CONFIDENCE_EDGES:
            if self.accuracy(tau) >= accuracy:
                return float(tau)
        return 1.0

    def risk_coverage(self, coverages: np.ndarray) -> list[tuple[float, float]]:
        """Return (coverage, risk): the error among the most confident part of the undrawn voxels.

        The coverages are met to the width of a bin; one that too few labels reach is left out.
        """
        labelled, correct = self.labelled[::-1].cumsum(), self.correct[::-1].cumsum()
        reached = [int(np.searchsorted(labelled, c * self.undrawn)) for c in coverages]
        return [
            (float(labelled[k] / self.undrawn), float(1 - correct[k] / labelled[k]))
            for k in reached
            if k < len(labelled)
        ]
