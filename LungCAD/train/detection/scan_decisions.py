"""From decisions on single slices to those along whole scans, as the detector draws and sums them up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from LungCAD.tasks.detection_input import Decision, log_odds
from LungCAD.tasks.ild_detection import IldDetectionParameters
from LungCAD.tasks.ild_detection.curve import smooth
from LungCAD.train.detection.decisions import can_be_fitted, fit_decisions, own_and_others, platt
from LungCAD.train.detection.metrics import agreement
from LungCAD.train.detection.scores import probabilities
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
    curves = along(probabilities(decisions, scores), gap_mm)
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


@dataclass(frozen=True)
class AlongScans:
    """What is reached along whole scans with decisions that were fitted to other patients.

    f1 : overall, of slices on the curves. scans : how many. right (C,) : of how many was told rightly whether
    they have each disease.
    """

    f1: float
    scans: int
    right: tuple[int, ...]


def score_along_scans(
    scores: NDArray,
    present: NDArray[np.bool_],
    gap_mm: NDArray,
    groups: NDArray,
    centred: bool,
    before: Sequence[Decision] | None = None,
) -> AlongScans:
    """Judge each group (N,) of patients by what `along_scans` makes of the others, as `decided_by_others`."""
    found, right = np.empty_like(present), np.zeros(present.shape[1], int)
    for own, others in own_and_others(groups):
        alone = fit_decisions(scores[others], present[others], centred, before)
        decisions = along_scans(alone, scores[others], present[others], gap_mm[others])
        curves = along(probabilities(decisions, scores[own]), gap_mm[own])
        found[own] = curves >= [one.threshold for one in decisions]
        for rows, _ in _scans(gap_mm[own]):
            likely = [
                one.scan_probability(highest) >= one.scan_threshold
                for one, highest in zip(decisions, curves[rows].max(0), strict=True)
            ]
            right += (found[own][rows].any(0) & likely) == present[own][rows].any(0)
    return AlongScans(agreement(present, found).f1, len(list(_scans(gap_mm))), tuple(right.tolist()))


def along(alone: NDArray[np.float32], gap_mm: NDArray) -> NDArray[np.float32]:
    """Return probabilities (N, C) of slices with those of their neighbours, as the detector smooths."""
    sigma_mm = IldDetectionParameters().smoothing_mm
    return np.concatenate([smooth(alone[rows], mm, sigma_mm) for rows, mm in _scans(gap_mm)])


def _scans(gap_mm: NDArray) -> Iterator[tuple[slice, float]]:
    """Yield the rows of every scan, and the distance of its slices in mm."""
    starts = np.flatnonzero(gap_mm == 0).tolist()
    for start, stop in pairwise([*starts, len(gap_mm)]):
        yield slice(start, stop), float(gap_mm[stop - 1]) or 1.0  # a slice alone has no neighbours
