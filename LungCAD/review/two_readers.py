"""Two reviews of the same scan."""

from __future__ import annotations

import numpy as np

from LungCAD.errors import InputError
from LungCAD.review.agreement import Agreement, agreement
from LungCAD.review.review import Review


def agreement_of_reviews(first: Review, second: Review) -> tuple[Agreement, int]:
    """Return how two readers agree in the lung of the slices that both accepted, and how many these are.

    Raises
    ------
    InputError
        The reviews are of different scans or schemas, or no slice was accepted by both.
    """
    masks = [review.state.masks for review in (first, second)]
    if first.case != second.case or masks[0].labels.shape != masks[1].labels.shape:
        raise InputError(second.folder, "is a review of another scan", "Choose a review of this one")
    if first.facts.values != second.facts.values or first.facts.schema != second.facts.schema:
        raise InputError(second.folder, f"was made with the schema {second.facts.schema}")
    both = sorted({*first.state.accepted} & {*second.state.accepted})
    if not both:
        raise InputError(second.folder, "has no accepted slice that you have accepted too")
    labels = [each.labels[both] for each in masks]
    lung = (masks[0].result_provenance[both] > 0) | (masks[1].result_provenance[both] > 0)
    within = lung | (labels[0] > 0) | (labels[1] > 0)
    if not np.any(within):
        raise InputError(second.folder, "has no lung in the slices that both accepted")
    return agreement(*labels, first.facts.values, within), len(both)
