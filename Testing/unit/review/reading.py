"""A reader who acts by plan until somebody kills the process: ``python reading.py FOLDER SEED START STOP``.

Act number n depends on the seed, n and the labels before it alone, so that whoever runs the same plan to the
end knows what must be on the disk after n acts. Prints the number of every act that is done.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from LungCAD.labels import Provenance
from LungCAD.review import Decision, Facts, Review

SHAPE = (12, 64, 64)
FACTS = Facts("gao5", (1, 2, 3, 4, 5), 0.001, {})


def act(folder, review, seed, number):
    """Do act `number`; returns the review, which the first act begins."""
    rng = np.random.default_rng((seed, number))
    kind = 0 if review is None else rng.integers(1, 12)
    if kind <= 1:
        labels = rng.integers(1, 6, SHAPE).astype(np.uint8)
        provenance = np.full(SHAPE, Provenance.PROPAGATED, np.uint8)
        if review is None:
            return Review.begin(folder, labels, provenance, FACTS, case="case-1", reviewer="AB")
        review.propagated(labels, provenance, FACTS)
    elif kind <= 5:
        labels = review.state.masks.labels.copy()
        labels[rng.integers(SHAPE[0]), 10:50, 10:50] = (number % 5) + 1
        labels[0, 0, 0] = number % 6  # never without a change
        review.edit(labels)
    elif kind <= 10:
        review.decide(int(rng.integers(SHAPE[0])), list(Decision)[rng.integers(3)])
    else:
        review.comment(0, f"remark {number}")
    return review


def main(folder, seed, start, stop):
    review = Review.resume(folder, "AB") if start else None
    for number in range(start, stop):
        review = act(folder, review, seed, number)
        print(number + 1, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
