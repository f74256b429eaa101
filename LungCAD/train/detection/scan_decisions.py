"""From decisions on single slices to those along whole scans, as the detector draws and sums them up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from LungCAD.tasks.detection_input import Decision, log_odds
from LungCAD.tasks.ild_detection import IldDetectionParameters
from LungCAD.tasks.ild_detection.curve import smooth
from LungCAD.train.detection.decisions import can_be_fitted, platt
from LungCAD.train.thresholds import threshold_of_best_f1

LIKELY = 0.5
"""A scan has a disease that it has more likely than not."""


def along_scans(
    decisions: Sequence[Decision], scores: NDArray, present: NDArray[np.bool_], gap_mm: NDArray
) -> tuple[Decision, ...]:
    """Return decisions for the curve along a scan, in which neighbours have a say, and for the whole scan.

    Thresholds give the best F1 on the curve. One of many slices is above them more often than a scan has
    the disease: the log odds of a scan's highest slice get an offset and a temperature of their own (Platt,
    1999).

    Parameters
    ----------
    decisions : how single slices are read. A disease that every slice or scan shows, or none, is read so
        along the scan, too.
    scores, present : (N, C), of all slices of scans that were not learned from. gap_mm : (N,), as in
        `SliceSet`.
    """
    probabilities = [one.probability(column) for one, column in zip(decisions, scores.T, strict=True)]
    curves = along(np.stack(probabilities, axis=1), gap_mm)
    highest, have = (np.stack([x[rows].max(0) for rows, _ in _scans(gap_mm)]) for x in (curves, present))
    found = []
    for number, decision in enumerate(decisions):
        fitted = {}
        if can_be_fitted(present)[number]:
            fitted["threshold"] = threshold_of_best_f1(present[:, number], curves[:, number])
        if can_be_fitted(have)[number]:
            offset, temperature = platt(log_odds(highest[:, number]), have[:, number])
            fitted |= {"scan_offset": offset, "scan_temperature": temperature, "scan_threshold": LIKELY}
        found.append(replace(decision, **fitted))
    return tuple(found)


def along(probabilities: NDArray[np.float32], gap_mm: NDArray) -> NDArray[np.float32]:
    """Return the probabilities (N, C) of slices with those of their neighbours, as the detector smooths."""
    sigma_mm = IldDetectionParameters().smoothing_mm
    return np.concatenate([smooth(probabilities[rows], mm, sigma_mm) for rows, mm in _scans(gap_mm)])


def _scans(gap_mm: NDArray) -> Iterator[tuple[slice, float]]:
    """Yield the rows of every scan, and the distance of its slices in mm."""
    starts = np.flatnonzero(gap_mm == 0).tolist()
    for start, stop in pairwise([*starts, len(gap_mm)]):
        yield slice(start, stop), float(gap_mm[stop - 1]) or 1.0  # a slice alone has no neighbours
