"""How well a mask agrees with the truth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, distance_transform_edt

from LungCAD.train.xray.radiographs import IGNORE


@dataclass(frozen=True)
class Score:
    """Of one film. `iou` is what Kalinovsky & Kovalev call Dice's score: intersection over union.

    surface_px : mean distance of the two outlines, in pixels of the film; surface_mm : None where their size
    is not known.
    """

    name: str
    view: str
    iou: float
    dice: float
    surface_px: float
    surface_mm: float | None = None


def score(
    name: str,
    view: str,
    predicted: NDArray[np.bool_],
    truth: NDArray[np.uint8],
    pixel_mm: float | None = None,
) -> Score:
    """Compare a mask (Y, X) with the truth (Y, X: 0, 1, `IGNORE`); ignored pixels do not count."""
    counted = truth != IGNORE
    found, lung = (predicted > 0) & counted, truth == 1
    both, either = np.count_nonzero(found & lung), np.count_nonzero(found | lung)
    total = np.count_nonzero(found) + np.count_nonzero(lung)
    distance = surface_distance(found, lung)
    return Score(
        name,
        view,
        float(both / either) if either else 1.0,
        float(2 * both / total) if total else 1.0,
        distance,
        None if pixel_mm is None else distance * pixel_mm,
    )


def surface_distance(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Return the mean distance, in pixels, from every outline pixel of each mask to the other's outline.

    Infinite when one of the two is empty, 0 when both are.
    """
    outlines = [mask & ~binary_erosion(mask) for mask in (first, second)]
    if not all(outline.any() for outline in outlines):
        return 0.0 if not any(outline.any() for outline in outlines) else np.inf
    away = [distance_transform_edt(~outline) for outline in outlines]
    return float(np.concatenate([away[1][outlines[0]], away[0][outlines[1]]]).mean())


Summary = dict[str, dict[str, dict[str, float]]]
"""Group of films ("all", or a view), measure, statistic."""


def summary(scores: Iterable[Score]) -> Summary:
    """Return mean, minimum, maximum and standard deviation over films, and their number, by group.

    Films where one of the two masks is empty do not count in the distance of outlines; nan where none counts.
    """
    scores = list(scores)
    views = sorted({one.view for one in scores})
    groups = {"all": scores} | {view: [one for one in scores if one.view == view] for view in views}
    return {group: _statistics(members) for group, members in groups.items()}


def _statistics(scores: list[Score]) -> dict[str, dict[str, float]]:
    statistics = {}
    for measure in ("iou", "dice", "surface_px"):
        values = np.array([getattr(one, measure) for one in scores])
        known = values[np.isfinite(values)]
        measured = known if len(known) else np.array([np.nan])
        statistics[measure] = {
            "films": len(known),
            "mean": float(measured.mean()),
            "min": float(measured.min()),
            "max": float(measured.max()),
            "sd": float(measured.std()),
        }
    return statistics
